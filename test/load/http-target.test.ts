import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { HttpTarget, type HttpTargetOptions } from '../../load/http/http-target.ts';
import { startLoad } from '../../load/load-run.ts';
import type { LoadOptions } from '../../load/options.ts';
import { makeHost } from '../../net/client/host.ts';
import { seededRandom, systemClock } from '../../runtime/clock.ts';
import type { Stall } from './stalling-server.ts';

async function listen(server: Server): Promise<AsyncDisposable & { port: number; connections: () => number }> {
  let connections = 0;
  server.on('connection', () => connections++);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

const serve = (onRequest: RequestListener) => listen(createServer(onRequest));

function loadOn(port: number, own: Partial<LoadOptions> = {}, targetOptions: Partial<HttpTargetOptions> = {}) {
  const target = new HttpTarget(
    {
      url: new URL(`http://127.0.0.1:${port}/demo.Echo/echo?x=1`),
      headers: { 'content-type': 'application/json' },
      body: Buffer.from('{"text":"hi"}'),
      timeoutMs: 2000,
      connections: 3,
      ...targetOptions,
    },
    makeHost(),
  );
  return startLoad({
    target,
    shape: { kind: 'closed', inFlight: 3 },
    durationMs: 150,
    warmUpMs: 0,
    clock: systemClock,
    random: seededRandom(1),
    ...own,
  });
}

test('the same POST goes out again and again, over connections that stay open', async (t) => {
  const seen = new Set<string>();
  await using server = await serve((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      seen.add(`${request.method} ${request.url} ${request.headers['content-type']} ${body}`);
      // Chunked, as node:http does without a length.
      response.write('{"te');
      response.end('xt":"hi"}');
    });
  });
  const checkBody = (source: Buffer, start: number, end: number) =>
    source.toString('utf8', start, end) === '{"text":"hi"}' ? undefined : 'not what was sent';
  const { answers, failed, connections } = await loadOn(server.port, { durationMs: 600 }, { checkBody }).ended;
  t.true(answers > 3);
  t.deepEqual([failed, connections, server.connections()], [0, 3, 3]);
  t.deepEqual([...seen], ['POST /demo.Echo/echo?x=1 application/json {"text":"hi"}']);
});

test("failures have Heddle's code where the body has one, else the status's", async (t) => {
  let turn = 0;
  await using server = await serve((_request, response) => {
    if (turn++ % 2 === 0) response.writeHead(429).end('{"error":{"code":"ABORTED","message":"not now"}}');
    else response.writeHead(503).end('no backend');
  });
  const { failures } = await loadOn(server.port).ended;
  t.deepEqual(failures.map(({ code, message }) => `${code} ${message}`).toSorted(), [
    'ABORTED not now',
    'UNAVAILABLE HTTP status 503, and no answer of Heddle: no backend',
  ]);
});

test('a server that closes behind each answer is connected to anew', async (t) => {
  await using server = await serve((_request, response) => response.writeHead(200, { connection: 'close' }).end('{}'));
  const { answers, failed } = await loadOn(server.port).ended;
  t.is(failed, 0);
  t.true(server.connections() >= answers);
});

test('a request without an answer runs into its timeout, and its connection is given up', async (t) => {
  let turn = 0;
  await using server = await serve((_request, response) => {
    if (turn++ === 0) response.end('{}');
  });
  const { failures, latencies } = await loadOn(server.port, { durationMs: 40 }, { timeoutMs: 400 }).ended;
  t.like(failures[0], { code: 'DEADLINE_EXCEEDED', count: 3 });
  t.true(latencies.minMs >= 399);
});

test('nobody there is UNAVAILABLE, and so is one who speaks something else or says nothing', async (t) => {
  await t.throwsAsync(loadOn(1).ended, { code: 'UNAVAILABLE', message: /ECONNREFUSED/ });
  await using ssh = await listen(
    createTcpServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end('SSH-2.0\r\n\r\n'),
    ),
  );
  await t.throwsAsync(loadOn(ssh.port).ended, { code: 'UNAVAILABLE', message: /not HTTP/ });
  await using silent = await listen(
    createTcpServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end(),
    ),
  );
  await t.throwsAsync(loadOn(silent.port).ended, { code: 'UNAVAILABLE', message: /the server closed it/ });
});

test('before there is any load the signal is CANCELLED', async (t) => {
  await t.throwsAsync(loadOn(1, { signal: AbortSignal.abort() }).ended, { code: 'CANCELLED' });
});

test('the signal settles everything and closes the connections', async (t) => {
  let turn = 0;
  const stop = new AbortController();
  await using server = await serve((_request, response) => {
    if (turn++ === 0) response.end('{}');
    if (turn === 4) stop.abort();
  });
  const { cutOff, isCutOff } = await loadOn(server.port, { durationMs: 60_000, signal: stop.signal }).ended;
  t.deepEqual([cutOff, isCutOff], [3, true]);
});

test('an open loop shows a stall of the server for all that arrived in it', async (t) => {
  const workerData = { atRequest: 60, forMs: 200 } satisfies Stall;
  const worker = new Worker(new URL('./stalling-server.ts', import.meta.url), { workerData });
  t.teardown(() => worker.terminate());
  const [port] = (await once(worker, 'message')) as [number];
  const shape = { kind: 'open', ratePerSecond: 200, maxInFlight: 4 } as const;
  const { answers, late, latencies } = await loadOn(port, { shape, durationMs: 1000 }, { connections: 4 }).ended;
  // Some 40 of 200 requests arrived in the stall: one fifth waited, on average half of it. A closed loop of 4 would have
  // seen 4 of them.
  t.true(latencies.maxMs >= 180, `longest ${latencies.maxMs} ms`);
  t.true(latencies.quantileMs(0.99) >= 150, `p99 ${latencies.quantileMs(0.99)} ms of ${answers}`);
  t.true(latencies.quantileMs(0.9) >= 50, `p90 ${latencies.quantileMs(0.9)} ms of ${answers}`);
  t.true(late >= 10, `${late} late`);
});

test('a header with a line break, and more connections than there may be, are INVALID_ARGUMENT', (t) => {
  t.throws(() => loadOn(1, {}, { headers: { 'x-note': 'a\r\nb: c' } }), { code: 'INVALID_ARGUMENT' });
  t.throws(() => loadOn(1, {}, { connections: 0 }), { code: 'INVALID_ARGUMENT', message: /from 1 to 10000/ });
});

test('a server that answers twice is believed once for each request, and connected to anew', async (t) => {
  let asked = 0;
  const twice = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'.repeat(2);
  await using server = await listen(
    createTcpServer((socket) =>
      socket
        .on('error', () => {})
        .on('data', () => {
          asked++;
          socket.write(twice);
        }),
    ),
  );
  const { answers, failed } = await loadOn(server.port).ended;
  t.is(failed, 0);
  t.true(answers > 0 && answers < asked, `${answers} answers of ${asked}`);
  t.true(server.connections() >= answers);
});

test('of connections that are free, the one that was used last is used next', async (t) => {
  const ports = new Map<number, number>();
  await using server = await serve((request, response) => {
    const port = request.socket.remotePort!;
    ports.set(port, (ports.get(port) ?? 0) + 1);
    response.end('{}');
  });
  const { answers } = await loadOn(server.port, { shape: { kind: 'closed', inFlight: 1 } }, { connections: 8 }).ended;
  t.true(Math.max(...ports.values()) >= answers, `${[...ports.values()]} of ${answers}`);
});
