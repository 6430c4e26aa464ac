// The contract of the scenario `unary`: a record in and the same record out.

import { avro, method, service } from '../../../index.ts';

const film = {
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

/** 95 bytes in Avro. */
export const record = {
  id: 8_123_456_789,
  name: 'The Passion of Joan of Arc',
  tags: ['silent film', 'court drama', 'closeups', 'in France', 'year 1928'],
  score: 98.25,
};
