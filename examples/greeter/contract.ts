// The contract of the README's first service, shared by the service and its callers.

import { avro, method, service } from 'heddle';

export const Greeter = service('demo.Greeter', {
  greet: method(
    avro(
      { type: 'record', name: 'GreetRequest', fields: [{ name: 'name', type: 'string' }] },
      { type: 'record', name: 'GreetReply', fields: [{ name: 'text', type: 'string' }] },
    ),
    { reads: true, example: { name: 'Ada' } },
  ),
});
