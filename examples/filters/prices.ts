// demo.Prices: it knows of no tokens, caches and repetitions; the filters around it do.

import { implement } from 'heddle';
import { Exchange, Prices } from './contract.ts';

export default implement(Prices, {
  async quote(request, fiber) {
    return { price: await fiber.call(Exchange.last, request), user: fiber.metadata.get('user') ?? 'nobody' };
  },
});
