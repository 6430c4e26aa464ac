// What a connection of the scenario `connections` sends and gets back, by who serves: bytes that are the same each time, since a
// connection has one request under way at most. Whoever serves, the answer ends with the body that was sent.

import { contractRequest } from '../../../load/heddle-target.ts';
import { encodeRequest, encodeRoute, requestFrameBytes } from '../../../net/protocol/heddle/encode.ts';
import { Connections } from './contract.ts';

/** How one side is spoken to; plain data. */
export type Speech = 'heddle' | 'http' | 'echo';

export const body = Buffer.from(
  JSON.stringify({ id: 8_123_456_789, name: 'The Passion of Joan of Arc', score: 98.25 }),
);

const requestId = 1;
/** µs. */
const budgetUs = 60_000_000;

export function messageOf(speech: Speech): Buffer {
  switch (speech) {
    case 'heddle':
      return heddleFrame();
    case 'http':
      return httpRequest();
    case 'echo':
      return body;
  }
}

/** A request of the contract. */
function heddleFrame(): Buffer {
  const head = contractRequest(Connections.echo, body);
  const route = encodeRoute('bench.Connections', 'echo');
  const frame = Buffer.alloc(requestFrameBytes(route, head));
  encodeRequest(frame, 0, requestId, route, head, budgetUs);
  return frame;
}

function httpRequest(): Buffer {
  const head = [
    'POST /echo HTTP/1.1',
    'host: 127.0.0.1',
    'content-type: application/json',
    `content-length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
}
