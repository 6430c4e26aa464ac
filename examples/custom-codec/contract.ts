// Knows nothing of CBOR: its values are checked by Avro and zod schemas, whatever they travel in.

import { avro, json, method, service } from 'heddle';
import { z } from 'zod';

const Reading = {
  type: 'record',
  name: 'Reading',
  fields: [
    { name: 'sensor', type: 'string' },
    { name: 'celsius', type: 'double' },
    { name: 'takenAtMs', type: 'long' },
  ],
} as const;

export const Sensors = service('demo.Sensors', {
  warmest: method(
    avro(
      { type: 'record', name: 'Readings', fields: [{ name: 'readings', type: { type: 'array', items: Reading } }] },
      Reading,
    ),
  ),
  describe: method(
    json(z.object({ sensor: z.string().min(1) }), z.object({ text: z.string(), tags: z.array(z.string()) })),
    {
      reads: true,
      example: { sensor: 'roof' },
    },
  ),
});
