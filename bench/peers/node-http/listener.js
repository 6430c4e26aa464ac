// What answers a request; ../node-cluster has it too.

import { burn } from '../../scenarios/mix/burn.ts';

/** Of `createServer`. */
export const options = { keepAliveTimeout: 72_000 };

export function listener(request, response) {
  const chunks = [];
  request.on('data', (chunk) => {
    chunks.push(chunk);
  });
  request.on('end', () => {
    const film = JSON.parse(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
    if (request.url === '/burn') burn();
    const body = JSON.stringify(film);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  });
}
