// The contracts of a chain of services, each of whose requests is one call of the next: One calls Two, Two calls Three.

import { z } from 'zod';
import { json } from '../../../net/codec/json-codec.ts';
import { method, service } from '../../../net/service/contract.ts';

/** What Three does: computes and looks at `cancelled`, or yields; sleeps; goes on for `ms` whoever asks it to stop. */
export const works = ['computes', 'yields', 'sleeps', 'outstays', 'holds'] as const;
export type Work = (typeof works)[number];

const run = z.object({
  key: z.string(),
  /** A file that each level adds its notes to. */
  notes: z.string(),
  work: z.enum(works),
  ms: z.number().default(60_000),
  /** A child of One's fiber fails when `fail` is called. */
  failing: z.boolean().default(false),
});
const keyed = z.object({ key: z.string() });
const nothing = z.object({});

export type ChainRun = z.output<typeof run>;

export const One = service('chain.One', { go: method(json(run, nothing)), fail: method(json(keyed, nothing)) });
export const Two = service('chain.Two', { go: method(json(run, nothing)) });
export const Three = service('chain.Three', {
  go: method(json(run, nothing)),
  /** Slices of work done under a key. */
  slices: method(json(keyed, z.object({ count: z.number() }))),
});
