// The same in TypeScript. strategy() takes the keys of a file; functions and methods of contracts stand in it as themselves,
// so that a rename finds them, and `fiber.run(brandPage, …)` and strategyMethod(brandPage) know its types. The module exports
// it, since every thread imports it by itself.

import { strategy } from 'heddle';
import { Shop } from './contract.ts';

export const brandPage = strategy<{ id: string }, { title: string; cents: number }>('shop.brand', {
  request: { id: 'string' },
  budget: { total: '200ms' },
  nodes: {
    product: { call: Shop.product, input: { id: 'request.id' } },
    price: {
      call: Shop.price,
      input: { id: 'request.id' },
      timeout: '50ms',
      fallback: [{ node: 'rounded' }],
    },
    rounded: { run: roundPrice, input: { brand: 'product.brand' } },
  },
  output: { title: 'product.brand + " " + product.name', cents: 'price.cents' },
  tests: [
    {
      name: 'a brand without a price has a round one',
      request: { id: 'teapot' },
      mocks: {
        product: { result: { id: 'teapot', name: 'Teapot', brand: 'Hearth' } },
        price: { error: 'UNAVAILABLE' },
        rounded: { result: { cents: 4000 } },
      },
      expect: { result: { title: 'Hearth Teapot', cents: 4000 }, degraded: ['price: node rounded'] },
    },
  ],
});

/** What products of a brand cost, about. */
function roundPrice({ brand }: { brand: string }): { cents: number } {
  return { cents: brand.length * 700 - 200 };
}
