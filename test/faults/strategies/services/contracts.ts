// The contracts of the strategy fault tests: a service that runs any strategy, and backends of strategies.

import { z } from 'zod';
import { json } from '../../../../net/codec/json-codec.ts';
import { method, service } from '../../../../net/service/contract.ts';

/** Runs the strategy of that name and answers what it gives. */
export const Runs = service('strategies.Runs', {
  run: method(json(z.object({ strategy: z.string(), request: z.unknown() }), z.object({ result: z.unknown() }))),
  /** The same fan-out as `fan.yaml`, written by hand. */
  fanByHand: method(json(z.object({ id: z.number() }), z.object({ result: z.unknown() }))),
});

const form = json(z.object({ id: z.number() }), z.object({ backend: z.number(), id: z.number() }));
const backend = (number: number) => service(`strategies.Backend${number}`, { get: method(form, { reads: true }) });

export const Backend1 = backend(1);
export const Backend2 = backend(2);
export const Backend3 = backend(3);
export const Backend4 = backend(4);
export const Backend5 = backend(5);
