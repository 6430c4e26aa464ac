// The contracts that only the soak runner drives; it drives those of the other fault tests too.

import { z } from 'zod';
import { avro } from '../../../net/codec/avro-codec.ts';
import { bytes } from '../../../net/codec/bytes-codec.ts';
import { json } from '../../../net/codec/json-codec.ts';
import { method, service } from '../../../net/service/contract.ts';

/** What one request of Front makes of itself: other requests, in this process or in the backend's. */
export const relays = ['nested', 'offload', 'parallel', 'far', 'near', 'both'] as const;
export type Relay = (typeof relays)[number];

const echoed = z.object({ id: z.number(), text: z.string() });
const nothing = z.object({});

export const Front = service('soak.Front', {
  relay: method(
    json(z.object({ id: z.number(), text: z.string(), sleepMs: z.number(), how: z.enum(relays) }), echoed),
    { reads: true },
  ),
});

const farFields = [
  { name: 'id', type: 'int' },
  { name: 'text', type: 'string' },
] as const;

/** In the backend's process, over connections of the IO threads. */
export const Far = service('soak.Far', {
  echo: method(
    avro(
      { type: 'record', name: 'FarRequest', fields: [...farFields, { name: 'sleepMs', type: 'double' }] },
      { type: 'record', name: 'FarReply', fields: [...farFields] },
    ),
    { reads: true },
  ),
});

/** The same process, over connections of the calling threads; a body of `taggedBytes` comes back as it is. */
export const Near = service('soak.Near', { raw: method(bytes(), { reads: true }) });

/** In a pool with a short queue, whose module takes its thread along when it is told to (frail.ts). */
export const Frail = service('soak.Frail', {
  echo: method(json(z.object({ id: z.number(), sleepMs: z.number().default(0) }), z.object({ id: z.number() }))),
});

/** What takes things that all threads share, or that the pool has a soft bound for. */
export const Greedy = service('soak.Greedy', {
  echo: method(json(z.object({ id: z.number() }), z.object({ id: z.number() }))),
  /** Keeps so many bytes of buffers for ever. */
  keep: method(json(z.object({ bytes: z.number() }), nothing)),
  /** Hashes on libuv's threads, `jobs` at once. */
  hash: method(json(z.object({ jobs: z.number() }), nothing)),
  /** One allocation past every heap limit: the process is gone. */
  burst: method(json(nothing, nothing)),
  writeLog: method(json(z.object({ lines: z.number() }), nothing)),
});

export const Notes = service('soak.Notes', {
  note: method(json(z.object({ id: z.number(), sleepMs: z.number() }), nothing), { oneWay: true }),
});
