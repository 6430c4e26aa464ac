// The shop's items, kept on the one thread of their pool. Errors are codes: each has its HTTP status.

import { HeddleError, implement } from 'heddle';
import { Items } from './contract.ts';

const itemsMax = 10_000;
const items = new Map([
  ['lamp', { id: 'lamp', name: 'Lamp', cents: 4900 }],
  ['chair', { id: 'chair', name: 'Chair', cents: 8900 }],
]);

export default implement(Items, {
  get({ id }) {
    const item = items.get(id);
    if (item === undefined) throw new HeddleError('NOT_FOUND', `there is no item ${JSON.stringify(id)}`);
    return item;
  },

  search({ text, limit }) {
    const wanted = text.toLowerCase();
    return [...items.values()].filter(({ name }) => name.toLowerCase().includes(wanted)).slice(0, limit);
  },

  put(item, fiber) {
    // Whoever changes something says who they are: a header of the request, `heddle-meta-clerk: ada`.
    const clerk = fiber.metadata.get('clerk');
    if (clerk === undefined) throw new HeddleError('UNAUTHENTICATED', 'send the header heddle-meta-clerk');
    const created = !items.has(item.id);
    if (created && items.size >= itemsMax) throw new HeddleError('RESOURCE_EXHAUSTED', `${itemsMax} items are there`);
    items.set(item.id, item);
    fiber.replyMetadata.set('changed-by', clerk);
    return { created };
  },
});
