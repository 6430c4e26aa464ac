// The contract of a service whose timers, set up long ago by somebody, end their thread beside requests that do nothing.

import { z } from 'zod';
import { json } from '../../../net/codec/json-codec.ts';
import { method, service } from '../../../net/service/contract.ts';

const nothing = z.object({});

export const Timers = service('faults.Timers', {
  /** In `ms` the thread exits or loops, of no fiber. */
  arm: method(json(z.object({ how: z.enum(['exit', 'loop']), ms: z.number() }), nothing)),
  /** Keeps the thread for `ms`: timers that come due meanwhile fire right after. */
  busy: method(json(z.object({ ms: z.number() }), nothing)),
});
