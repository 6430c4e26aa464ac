// metrics.Desk: counts on an IO thread.

import { implement } from '../../../net/service/implement.ts';
import { Desk } from './shop-contract.ts';

export default implement(Desk, {
  ask(_request, fiber) {
    fiber.metrics.count('shop_fibers', 1, { of: 'pool io' });
  },
});
