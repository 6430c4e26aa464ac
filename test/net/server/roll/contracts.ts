// The contracts of the services that the tests of rolls write anew again and again.

import { z } from 'zod';
import { json } from '../../../../net/codec/json-codec.ts';
import { method, service } from '../../../../net/service/contract.ts';

const answer = method(
  json(
    z.object({
      id: z.number(),
      sleepMs: z.number().default(0),
      /** Until it is let go: awaits that, or keeps its thread. */
      until: z.enum(['now', 'held', 'blocked']).default('now'),
      /** What to do besides. */
      act: z.enum(['nothing', 'call', 'offload', 'exit', 'call-side', 'call-work']).default('nothing'),
    }),
    z.object({
      id: z.number(),
      /** Of the service's module, and of the one that it imports. */
      version: z.number(),
      part: z.number(),
      /** What was called or offloaded answered so. */
      inner: z.number(),
    }),
  ),
);

export const Work = service('roll.Work', { answer });
/** As a later version has it. */
export const WorkPlus = service('roll.Work', { answer, extra: answer });
/** In another pool. */
export const Side = service('roll.Side', { answer });
