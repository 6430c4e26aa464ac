// The contracts of services that call each other three deep, the last of which fails. Their runs are counted by request
// id (runs.ts): that of Top under the id itself, of Middle under the next, of Bottom under the one after.

import { z } from 'zod';
import { json } from '../../../net/codec/json-codec.ts';
import { method, service } from '../../../net/service/contract.ts';

const one = (reads: boolean) =>
  method(json(z.object({ id: z.number(), sleepMs: z.number().default(0) }), z.object({})), { reads });

export const Top = service('layers.Top', {
  /** Calls Middle. */
  go: one(true),
  /** Calls Gone, and may not be repeated. */
  order: one(false),
  /** Calls Bottom, once more for each of its failures. */
  skip: one(true),
});
export const Middle = service('layers.Middle', { go: one(true) });
/** Fails after `sleepMs`. */
export const Bottom = service('layers.Bottom', { go: one(true) });
/** In another process, which is not there. */
export const Gone = service('layers.Gone', { go: one(true) });
