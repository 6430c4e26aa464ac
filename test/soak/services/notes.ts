// soak.Notes: requests that nobody waits for.

import { implement } from '../../../net/service/implement.ts';
import { Notes } from './contracts.ts';

export default implement(Notes, {
  async note({ sleepMs }, fiber) {
    await fiber.sleep(sleepMs);
    return {};
  },
});
