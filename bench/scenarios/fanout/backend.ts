// backend: the handlers of one backend of the scenario `fanout`; backends/ has a module for each.

import { type Implementation, implement } from '../../../index.ts';
import { backends } from './contract.ts';
import { backendMs, hitsOf } from './task.ts';

/** `number`: from 1, as in its name. */
export function backend(number: number): Implementation {
  return implement(backends[number - 1]!, {
    search: async (_query, fiber) => {
      await fiber.sleep(backendMs);
      return { hits: hitsOf(number - 1) };
    },
  });
}
