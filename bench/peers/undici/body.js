// JSON in and out of node:http, as “Anatomy of an HTTP Transaction” of Node's guides has it.

/** Calls `use` with the request's body. */
export function readBody(request, use) {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => use(JSON.parse(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))));
}

export function sendBody(response, value) {
  const body = JSON.stringify(value);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
