// What MyService can be asked: one file for the service, its callers and its tests, and their types come from it. It takes
// what it needs from heddle/client, so that a program that only calls loads nothing of a server.

import { avro, method, service } from 'heddle/client';

export const MyService = service('demo.MyService', {
  greet: method(
    avro(
      { type: 'record', name: 'GreetRequest', fields: [{ name: 'name', type: 'string' }] },
      { type: 'record', name: 'GreetReply', fields: [{ name: 'text', type: 'string' }] },
    ),
    { reads: true, example: { name: 'Ada' } },
  ),
});
