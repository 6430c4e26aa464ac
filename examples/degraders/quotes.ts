// A handler that does less when there is too much, and more for a few: how much is too much, and how few are a few, stands
// in heddle.yaml and may change while the process runs.

import { implement } from 'heddle';
import { Quotes } from './contract.ts';

/** What things cost when nobody looks closely. */
const listPrices: Record<string, number> = { lamp: 4900, chair: 8900 };

export default implement(Quotes, {
  quote({ item, user }, fiber) {
    const listed = listPrices[item] ?? 1000;
    // Beyond the limit, which holds for all threads together: the cheap way.
    if (fiber.degraded('exact-price')) return { cents: listed, exact: false, audited: false };
    // The same users each time, since the user is the key.
    const audited = fiber.sampled('audit', user);
    if (audited) fiber.log.info({ item, user }, 'quoted');
    return { cents: exactPrice(listed, user), exact: true, audited };
  },
});

/** Stands for what takes long: a model, a solver. */
function exactPrice(cents: number, user: string): number {
  let price = cents;
  for (const unit of user) price = (price * 31 + unit.charCodeAt(0)) % (cents * 2);
  return cents + Math.round(price / 10);
}
