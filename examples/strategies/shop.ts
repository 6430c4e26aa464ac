// The backend: a shop with three products. Prices of `teapot` can't be had, so that there is something to degrade.

import { HeddleError, implement } from 'heddle';
import { Shop } from './contract.ts';

const products = new Map([
  ['kettle', { name: 'Kettle', brand: 'Hearth', cents: 4900, stars: 4.4, count: 310 }],
  ['teapot', { name: 'Teapot', brand: 'Hearth', cents: 3500, stars: 4.8, count: 27 }],
  ['mug', { name: 'Mug', brand: 'Clay & Co', cents: 900, stars: 3.9, count: 1204 }],
]);

function found(id: string) {
  const product = products.get(id);
  if (product !== undefined) return product;
  throw new HeddleError('NOT_FOUND', `the shop has no ${id}; it has ${[...products.keys()].join(', ')}`);
}

export default implement(Shop, {
  product({ id }) {
    const { name, brand } = found(id);
    return { id, name, brand };
  },

  async price({ id }, fiber) {
    const { cents } = found(id);
    await fiber.sleep(2);
    if (id === 'teapot') throw new HeddleError('UNAVAILABLE', 'the prices of teapots are being changed');
    return { cents };
  },

  async reviews({ id }, fiber) {
    const { stars, count } = found(id);
    await fiber.sleep(1);
    return { stars, count };
  },

  similar({ id }) {
    const { brand } = found(id);
    return { ids: [...products].filter(([other, one]) => other !== id && one.brand === brand).map(([other]) => other) };
  },

  stock({ id, city }) {
    return { city, count: found(id).count % city.length };
  },
});
