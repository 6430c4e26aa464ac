// The handlers of MyService: each request is a fiber on a thread of the pool that heddle.yaml names.

import { HeddleError, implement } from 'heddle';
import { MyService } from './contract.ts';

export default implement(MyService, {
  async greet({ name }, fiber) {
    if (name.trim() === '') throw new HeddleError('INVALID_ARGUMENT', 'name is empty; say who is to be greeted');
    fiber.log.debug({ name }, 'greeting');
    return { text: `Hello, ${name}!` };
  },
});
