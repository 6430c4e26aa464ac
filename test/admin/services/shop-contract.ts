// The contract of a shop that counts what it does.

import { z } from 'zod';
import { json } from '../../../net/codec/json-codec.ts';
import { method, service } from '../../../net/service/contract.ts';

const order = z.object({ kind: z.string(), seconds: z.number().default(0), spinMs: z.number().default(0) });

export const Shop = service('metrics.Shop', {
  /** Says which thread it ran on. */
  order: method(json(order, z.object({ thread: z.number() }))),
  /** Counts in a fiber of each sort. */
  everywhere: method(json(z.object({}))),
  /** Ends its thread. */
  leave: method(json(z.object({}))),
});

/** On the IO threads. */
export const Desk = service('metrics.Desk', { ask: method(json(z.object({}))) });
