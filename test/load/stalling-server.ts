// A thread with an HTTP server of which one request blocks everything for a while, as a handler does that computes. Its
// parent is told the port.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

export interface Stall {
  /** Which request blocks. */
  atRequest: number;
  forMs: number;
}

const { atRequest, forMs } = workerData as Stall;
let requests = 0;

const server = createServer((request, response) => {
  request.resume();
  if (++requests === atRequest) {
    const endMs = performance.now() + forMs;
    while (performance.now() < endMs);
  }
  response.end('{}');
});
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port));
