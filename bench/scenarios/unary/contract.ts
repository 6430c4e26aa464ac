// The contract of the scenarios `unary` and `unary-io`: a record in and the same record out.

import { avro, method, service } from '../../../index.ts';

export const film = {
  type: 'record',
  name: 'Film',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'name', type: 'string' },
    { name: 'tags', type: { type: 'array', items: 'string' } },
    { name: 'score', type: 'double' },
  ],
} as const;

export const Unary = service('bench.Unary', { echo: method(avro(film, film)) });
