// What the echo service offers: a record there and back, and bytes that nobody looks into.

import { avro, bytes, method, service } from 'heddle';

const message = {
  type: 'record',
  name: 'Message',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'text', type: 'string' },
    { name: 'tags', type: { type: 'array', items: 'string' }, default: [] },
  ],
} as const;

export const Echo = service('demo.Echo', {
  echo: method(avro(message, message), { reads: true, example: { id: 1, text: 'hi', tags: ['a', 'b'] } }),
  raw: method(bytes(), { reads: true }),
});
