// The service of the scenario `large`.

import avro from 'avsc';

export const blobs = avro.Service.forProtocol({
  protocol: 'Blobs',
  messages: { echo: { request: [{ name: 'body', type: 'bytes' }], response: 'bytes' } },
});
