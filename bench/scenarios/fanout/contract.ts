// The contracts of the scenario `fanout`: the front, and five backends that are asked the same.

import { avro, method, service } from '../../../index.ts';
import { backendCount } from './task.ts';

const query = {
  type: 'record',
  name: 'Query',
  fields: [
    { name: 'text', type: 'string' },
    { name: 'limit', type: 'int' },
  ],
} as const;

const hits = {
  type: 'record',
  name: 'Hits',
  fields: [
    {
      name: 'hits',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Hit',
          fields: [
            { name: 'id', type: 'int' },
            { name: 'score', type: 'double' },
          ],
        },
      },
    },
  ],
} as const;

export const Front = service('bench.Front', { search: method(avro(query, hits)) });

/** `bench.Backend1` to `bench.Backend5`. */
export const backends = Array.from({ length: backendCount }, (_, at) =>
  service(`bench.Backend${at + 1}`, { search: method(avro(query, hits)) }),
);
