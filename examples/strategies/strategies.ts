// The handlers of the examples: `run` starts the strategy that the request names, `page` is a strategy itself.

import { implement, strategyMethod } from 'heddle';
import { Strategies } from './contract.ts';

export default implement(Strategies, {
  run: ({ strategy, request }, fiber) => fiber.run(strategy, request),
  page: strategyMethod('shop.page'),
});
