// layers.Bottom: has a bad day.

import { implement } from '../../../net/service/implement.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { Bottom } from './layers-contract.ts';
import { began } from './runs.ts';

export default implement(Bottom, {
  async go({ id, sleepMs }, fiber) {
    began(id + 2);
    await fiber.sleep(sleepMs);
    throw new HeddleError('UNAVAILABLE', 'the database is down');
  },
});
