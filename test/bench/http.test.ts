// The scenario `http` runs and comes to what it should, and its client takes no wrong answer for a right one; what it
// measures is nobody's business here.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { httpClient } from '../../bench/measure/http-client.ts';
import { connect } from '../../bench/scenarios/http/client.ts';
import { http } from '../../bench/scenarios/http.ts';
import { record } from '../../bench/scenarios/unary/record.ts';

const options = { scenario: 'http', inFlight: 2, params: {} };

/** A server that answers so, whatever it is asked. */
async function answering(status: number, body: string) {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(status, { 'content-length': Buffer.byteLength(body) }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('an answer counts when it is the record, however its JSON is laid out', async (t) => {
  const { id, name, tags, score } = record;
  for (const text of [JSON.stringify(record), JSON.stringify({ score, tags, name, id }, null, 2)]) {
    await using server = await answering(200, text);
    const client = await connect({ ...options, port: server.port, connections: 2 });
    await client.call('call');
    await client.close();
  }
  t.pass();
});

test('an answer that differs in anything, is no JSON, or has a status of failure is rejected', async (t) => {
  const wrong = JSON.stringify({ ...record, tags: record.tags.slice(1) });
  for (const [status, text, message] of [
    [200, wrong, /DATA_LOSS: .*not what was sent/],
    [200, '{', /DATA_LOSS/],
    [500, JSON.stringify(record), /INTERNAL: HTTP status 500/],
  ] as const) {
    await using server = await answering(status, text);
    await t.throwsAsync(async () => connect({ ...options, port: server.port, connections: 1 }), { message });
  }
});

test('a client has as many connections as it was told, and further calls wait', async (t) => {
  let under = 0;
  let most = 0;
  const server = createServer(async (request, response) => {
    most = Math.max(most, ++under);
    await once(request.resume(), 'end');
    setImmediate(() => {
      under--;
      response.end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const call = { kind: 'call', path: '/', body: Buffer.from('{}'), checkBody: () => undefined, first: 3 };
  const client = await httpClient({ port, connections: 3, calls: [call] });
  await Promise.all(Array.from({ length: 20 }, () => client.call('call')));
  t.true(most <= 3 && most > 0);
  await client.close();
  await new Promise((resolve) => server.close(resolve));
});

test('on the IO thread and through a pool Heddle is measured beside Node’s own servers, and goals wait for their peers', async (t) => {
  const { comparison, goals, rows } = await http.run({
    seconds: 1,
    peers: ['node-http', 'node-cluster'],
    onStep: () => {},
  });
  t.deepEqual(comparison!.notRun, []);
  const sides = ['heddle, IO thread', 'heddle, CPU pool', 'node-http', 'node-cluster'];
  for (const shape of ['32', '256']) {
    const told = rows.map(([name]) => name).filter((name) => name!.startsWith(`${shape},`));
    t.deepEqual(told.toSorted(), sides.map((side) => `${shape}, ${side}`).toSorted());
  }
  // The memory of three processes.
  const rssMb = (side: string) => comparison!.shapes[0]!.sides.find((one) => one.side === side)!.rssMb.median;
  t.true(rssMb('node-cluster') > 1.5 * rssMb('node-http'));
  t.deepEqual(
    goals.map(({ met }) => met),
    [undefined, undefined, undefined, undefined],
  );
});
