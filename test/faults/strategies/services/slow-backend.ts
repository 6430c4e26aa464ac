// strategies.Backend1: answers request 0 at once, any other after a minute.

import { implement } from '../../../../net/service/implement.ts';
import { Backend1 } from './contracts.ts';

export default implement(Backend1, {
  async get({ id }, fiber) {
    if (id !== 0) await fiber.sleep(60_000);
    return { backend: 1, id };
  },
});
