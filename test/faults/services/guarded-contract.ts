// The contract of a service whose handlers do what the guards look after: they keep their thread, grow, outstay, die.

import { z } from 'zod';
import { json } from '../../../net/codec/json-codec.ts';
import { method, service } from '../../../net/service/contract.ts';

export const stalls = ['loop', 'regexp', 'json', 'native', 'after-await'] as const;
export type Stall = (typeof stalls)[number];

const nothing = z.object({});

export const Guarded = service('faults.Guarded', {
  echo: method(json(z.object({ id: z.number() }), z.object({ id: z.number() })), { reads: true }),
  /** Keeps the thread for `ms`, or until it is ended. */
  stall: method(json(z.object({ how: z.enum(stalls), ms: z.number().default(60_000) }), nothing)),
  /** Keeps `heap` or `buffers` bytes for ever. */
  grow: method(
    json(z.object({ heap: z.number().default(0), buffers: z.number().default(0) }), z.object({ thread: z.number() })),
  ),
  /** Waits for `ms`, whoever asks it to stop. */
  outstay: method(json(z.object({ ms: z.number() }), nothing)),
  /** Fails at once, and leaves a child behind that waits for `ms`, whoever asks it to stop. */
  orphan: method(json(z.object({ ms: z.number() }), nothing)),
  sleep: method(json(z.object({ ms: z.number() }), z.object({ thread: z.number() }))),
  /** Ends its thread unless `text` is `good`. */
  poison: method(json(z.object({ text: z.string() }), z.object({ text: z.string() }))),
});
