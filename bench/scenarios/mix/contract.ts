// The contracts of the scenario `mix`: two services, so that each has a pool of its own. A record in and the same record out.

import { avro, method, service } from '../../../index.ts';
import { film } from '../unary/contract.ts';

export const Trivial = service('bench.Trivial', { echo: method(avro(film, film)) });

export const Heavy = service('bench.Heavy', { burn: method(avro(film, film)) });
