// The handlers of the README's first service.

import { implement } from 'heddle';
import { Greeter } from './contract.ts';

export default implement(Greeter, {
  async greet(request, fiber) {
    fiber.log.info({ name: request.name }, 'greeting');
    return { text: `Hello, ${request.name}!` };
  },
});
