// Protocol http, from the socket to the handlers and back: what curl and a load balancer see.

import test from 'ava';
import { event, newKey } from './events.ts';
import { type Spine, startSpine } from './spine.ts';
import { http, rawHttp } from './wire.ts';

let spine: Spine;

test.before(async () => {
  spine = await startSpine(`
io: { threads: 1 }
services:
  test.Probe: { module: ./probe.ts, pool: { threads: 1 }, timeout: 5s, listen: ["http://127.0.0.1:0"] }
  test.Work:
    module: ./work.ts
    pool: { threads: 1 }
    methods: { sleep: { timeout: 300ms } }
    listen: ["http://127.0.0.1:0"]
`);
});

test.after.always(() => spine[Symbol.asyncDispose]());

const get = (path: string, headers?: Record<string, string>) =>
  http(spine.address('http'), 'GET', path, { ...(headers === undefined ? {} : { headers }) });
const post = (path: string, body: unknown, headers?: Record<string, string>) =>
  http(spine.address('http'), 'POST', path, { body, ...(headers === undefined ? {} : { headers }) });

test.serial('JSON goes in and comes out, to methods of either kind of schema', async (t) => {
  const greeted = await post('/test.Probe/greet', { name: 'Ada', times: 2 });
  t.is(greeted.status, 200);
  t.regex(greeted.headers['content-type']!, /^application\/json/);
  t.deepEqual(greeted.json, { text: 'hello Adahello Ada' });
  t.deepEqual((await post('/test.Probe/greet', { name: 'Bo' })).json, { text: 'hello Bo' }, 'defaults hold');
  const sum = await post('/test.Probe/sum', { values: [1, 2.5], scale: 2, unit: 'm' });
  t.deepEqual(sum.json, { total: 7, unit: 'm' });
});

test.serial('query parameters are read as the schema says', async (t) => {
  t.deepEqual((await get('/test.Probe/greet?name=300&times=2')).json, { text: 'hello 300hello 300' });
  t.deepEqual((await get('/test.Probe/greet?name=a+b%26c')).json, { text: 'hello a b&c' });
  t.deepEqual((await get('/test.Probe/sum?values=1&values=2.5&scale=2&unit=300')).json, { total: 7, unit: '300' });
  t.deepEqual((await get('/test.Probe/sum?values=%5B1%2C2%5D')).json, { total: 3, unit: 'none' });
  t.deepEqual((await get('/test.Probe/sum?values=4')).json, { total: 4, unit: 'none' });
  const head = await http(spine.address('http'), 'HEAD', '/test.Probe/greet?name=x');
  t.deepEqual([head.status, head.body.length], [200, 0]);
  for (const path of ['/test.Probe/greet?name=x&times=often', '/test.Probe/sum?values=many', '/test.Probe/greet']) {
    const refused = await get(path);
    t.is(refused.status, 400, path);
    t.is(code(refused.json), 'INVALID_ARGUMENT');
  }
  t.regex(JSON.stringify((await get('/test.Probe/greet?name=x&times=often')).json), /times/);
});

test.serial('statuses say what is wrong', async (t) => {
  const cases: [number, string, Promise<{ status: number; json: unknown }>][] = [
    [404, 'NOT_FOUND', post('/test.Nobody/x', {})],
    [404, 'NOT_FOUND', post('/test.Probe/nothing', {})],
    [400, 'INVALID_ARGUMENT', post('/test.Probe/sum', { values: 'x' })],
    [409, 'ABORTED', post('/test.Probe/fail', { how: 'heddle' })],
    [500, 'INTERNAL', post('/test.Probe/fail', { how: 'error' })],
    [501, 'UNIMPLEMENTED', post('/test.Probe/sum', Buffer.from('x'))],
  ];
  for (const [status, name, answer] of cases) {
    const { status: actual, json } = await answer;
    t.is(actual, status, name);
    t.is(code(json), name);
  }
  const verb = await get('/test.Work/self');
  t.is(verb.status, 405);
  t.is(verb.headers.allow, 'POST');
  t.is((await post('/test.Probe/sum', {}, { 'content-type': 'text/plain' })).status, 415);
});

test.serial('the nearest deadline holds: the header’s, or the method’s', async (t) => {
  const [byHeader, byMethod] = [newKey(), newKey()];
  const late = await post('/test.Work/signal', { key: byHeader, ms: 0 }, { 'heddle-timeout': '300ms' });
  t.is(late.status, 504);
  t.is(code(late.json), 'DEADLINE_EXCEEDED');
  await event(byHeader, 'DEADLINE_EXCEEDED cancelled');
  t.is((await post('/test.Work/sleep', { key: byMethod, ms: 60_000 }, { 'heddle-timeout': '9s' })).status, 504);
  await event(byMethod, 'DEADLINE_EXCEEDED cancelled');
});

test.serial('headers reach the handler: metadata, priority, trace, time left', async (t) => {
  const { json } = await post(
    '/test.Probe/context',
    {},
    {
      'heddle-meta-tenant': 'acme',
      'heddle-meta-city': 'K%C3%B6ln',
      'heddle-priority': 'high',
      'heddle-timeout': '900ms',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    },
  );
  const { remainingMs, ...context } = json as { remainingMs: number };
  t.true(remainingMs > 0 && remainingMs <= 900);
  t.deepEqual(context, {
    priority: 'high',
    metadata: { tenant: 'acme', city: 'Köln' },
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    parentSpanId: '00f067aa0ba902b7',
    traceFlags: 1,
    pool: 'test.Probe',
  } as never);
});

test.serial('pipelined requests are answered in their order, whatever ends first', async (t) => {
  const requests = [
    ['/test.Work/busy', { ms: 30 }],
    ['/test.Probe/sum', { values: [1] }],
    ['/test.Nobody/x', {}],
  ].map(([path, body]) => {
    const text = JSON.stringify(body);
    return `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
  });
  const last = 'GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';
  const all = await rawHttp(spine.address('http'), `${requests.join('')}${last}`);
  t.deepEqual(
    [...all.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
    ['200', '200', '404', '200'],
  );
  t.regex(all, /"startMs".*"total":1.*NOT_FOUND.*ok\n$/s);
});

test.serial('/healthz answers while the only thread of a pool is held', async (t) => {
  const key = newKey();
  const busy = post('/test.Work/busy', { ms: 300, key });
  const { atMs } = await event(key, 'busy');
  const tookMs = [];
  while (performance.now() < atMs + 200) {
    const startMs = performance.now();
    const { status, body } = await get('/healthz');
    tookMs.push(performance.now() - startMs);
    t.is(status, 200);
    t.is(body.toString(), 'ok\n');
  }
  t.is((await busy).status, 200);
  tookMs.sort((one, other) => one - other);
  t.log(
    `${tookMs.length} of /healthz beside a busy loop: median ${median(tookMs).toFixed(2)} ms, longest ${tookMs.at(-1)!.toFixed(2)} ms`,
  );
  t.true(median(tookMs) < 100);
});

function median(sorted: number[]): number {
  return sorted[sorted.length >> 1]!;
}

function code(json: unknown): string {
  return (json as { error: { code: string } }).error.code;
}
