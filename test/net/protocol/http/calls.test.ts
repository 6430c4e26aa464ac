import test from 'ava';
import { isQuery } from '../../../../net/codec/query-mark.ts';
import { statusOfCode } from '../../../../net/protocol/http/status.ts';
import { callFlags, codecIds, priorities } from '../../../../runtime/call.ts';
import { errorCodes } from '../../../../runtime/errors.ts';
import { errorOf, get, post, Rig } from './rig.ts';

test('answers a POST with the bytes of its handler', async (t) => {
  using rig = await Rig.start();
  const answer = await rig.ask(post('/t.S/echo', '{"text":"Łódź"}'));
  t.is(answer.status, 200);
  t.is(answer.headers['content-type'], 'application/json');
  t.is(answer.body, '{"text":"Łódź"}');
  const call = rig.dispatcher.calls[0]!;
  t.like(call, { service: 't.S', method: 'echo', head: { codec: codecIds.json, flags: 0, attempt: 1, depth: 0 } });
  t.is(call.head.deadlineMs, Number.POSITIVE_INFINITY);
});

test('keeps any bytes as they are, in small replies and large ones', async (t) => {
  using rig = await Rig.start();
  for (const bytes of [0, 1, 255, 16_384, 16_385, 90_000]) {
    const body = Buffer.from(Array.from({ length: bytes }, (_, index) => (index * 31) & 255));
    const head = `POST /t.S/hold HTTP/1.1\r\nhost: t\r\ncontent-type: application/octet-stream\r\ncontent-length: ${bytes}\r\n\r\n`;
    using client = rig.connect();
    client.send(Buffer.concat([Buffer.from(head), body]));
    const call = await rig.seen(rig.dispatcher.calls.length + 1);
    t.is(call.head.codec, codecIds.bytes);
    const taken: Buffer = call.head.source.subarray(call.head.bodyStart, call.head.bodyEnd);
    t.true(taken.equals(body), `${bytes} bytes in`);
    call.succeed(taken);
    const raw: Buffer[] = [];
    client.socket.on('data', (chunk: Buffer) => raw.push(chunk));
    const answer = await client.answer();
    t.is(answer.headers['content-type'], 'application/octet-stream');
    const whole = Buffer.concat(raw);
    t.true(whole.subarray(whole.length - bytes).equals(body), `${bytes} bytes out`);
  }
});

test('hands the headers on as the head of the call', async (t) => {
  using rig = await Rig.start({ timeoutMs: 60_000 });
  const before = performance.now();
  const headers = {
    'content-type': 'avro/binary',
    'heddle-schema-fingerprint': '0123456789abcdef',
    'heddle-timeout': '250ms',
    'heddle-priority': 'high',
    'heddle-idempotent': '1',
    'heddle-call-id': 'ffffffff00000001',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    'Heddle-Meta-Tenant': 'a%20b%E2%82%AC',
    'heddle-meta-x.y_z': 'plain',
  };
  using client = rig.connect();
  client.send(post('/t.S/hold', 'body', headers));
  const { head, metadata, body } = await rig.seen(1);
  t.like(head, {
    codec: codecIds.avro,
    fingerprintHigh: 0x01234567,
    fingerprintLow: 0x89abcdef,
    priority: priorities.high,
    flags: callFlags.idempotent,
    callIdHigh: 0xffffffff,
    callIdLow: 1,
    traceFlags: 1,
  });
  t.deepEqual([...head.trace], [0x0af76519, 0x16cd43dd, 0x8448eb21, 0x1c80319c, 0xb7ad6b71, 0x69203331]);
  t.true(head.deadlineMs >= before + 250 && head.deadlineMs <= performance.now() + 250);
  t.deepEqual(
    [...metadata],
    [
      ['tenant', 'a b€'],
      ['x.y_z', 'plain'],
    ],
  );
  t.is(body, 'body');
});

test('lets the binding bound the deadline of every request', async (t) => {
  using rig = await Rig.start({ timeoutMs: 100 });
  using client = rig.connect();
  client.send(post('/t.S/hold', '{}') + post('/t.S/hold', '{}', { 'heddle-timeout': '9s' }));
  await rig.seen(2);
  for (const call of rig.dispatcher.calls) t.true(call.head.deadlineMs <= performance.now() + 100);
});

test('does not carry one head over into the next', async (t) => {
  using rig = await Rig.start();
  using client = rig.connect();
  const headers = {
    'heddle-priority': 'low',
    'heddle-idempotent': 'true',
    'heddle-timeout': '1m',
    'heddle-call-id': '1111111111111111',
    'heddle-schema-fingerprint': '1111111111111111',
    'heddle-meta-a': 'b',
    'content-type': 'avro/binary',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
  client.send(post('/t.S/echo', 'x', headers));
  await client.answer();
  client.send(post('/t.S/echo', '{}'));
  await client.answer();
  const { head, metadata } = rig.dispatcher.calls[1]!;
  t.like(head, {
    flags: 0,
    priority: priorities.normal,
    codec: codecIds.json,
    deadlineMs: Number.POSITIVE_INFINITY,
    callIdHigh: 0,
    callIdLow: 0,
    fingerprintHigh: 0,
    fingerprintLow: 0,
    traceFlags: 0,
  });
  t.deepEqual([...head.trace], [0, 0, 0, 0, 0, 0]);
  t.is(metadata.size, 0);
});

test('makes a JSON object of text from the parameters of a GET', async (t) => {
  using rig = await Rig.start();
  const answer = await rig.ask(
    get('/t.S/read?text=star+wars%21&limit=5&genre=a&genre=b&flag', { 'heddle-meta-k': 'v' }),
  );
  t.is(answer.status, 200);
  t.deepEqual(JSON.parse(answer.body), { text: 'star wars!', limit: '5', genre: ['a', 'b'], flag: '' });
  const call = rig.dispatcher.calls[0]!;
  t.is(call.head.flags, callFlags.idempotent);
  t.true(isQuery(call.head));
  t.is(call.metadata.get('k'), 'v');
});

test('answers HEAD like GET but without a body', async (t) => {
  using rig = await Rig.start();
  using client = rig.connect();
  client.send(get('/t.S/read?a=1', {}, 'HEAD') + get('/t.S/read?a=1'));
  const head = await client.answer(true);
  const whole = await client.answer();
  t.is(head.status, 200);
  t.is(head.headers['content-length'], whole.headers['content-length']);
  t.is(whole.body, '{"a":"1"}');
});

test('answers a one-way call 202 once it is handed on', async (t) => {
  using rig = await Rig.start();
  const answer = await rig.ask(post('/t.S/hold', '{}', { 'heddle-one-way': '1' }));
  t.is(answer.status, 202);
  t.is(answer.body, '');
  t.is(rig.dispatcher.calls[0]!.head.flags, callFlags.oneWay);
});

test('sends reply metadata as headers, percent-encoded where a header could not hold it', async (t) => {
  using rig = await Rig.start();
  using client = rig.connect();
  client.send(post('/t.S/hold', '{}'));
  const metadata = { plain: 'a b', edge: ' a', percent: '100%', wide: 'zł\n', empty: '' };
  (await rig.seen(1)).succeed('{}', { metadata });
  const { headers } = await client.answer();
  t.is(headers['heddle-meta-plain'], 'a b');
  for (const [key, value] of Object.entries(metadata)) t.is(decodeURIComponent(headers[`heddle-meta-${key}`]!), value);
});

test('answers each error code with its status and all that the error says', async (t) => {
  using rig = await Rig.start();
  using client = rig.connect();
  for (const [index, code] of errorCodes.entries()) {
    client.send(post('/t.S/hold', '{}'));
    (await rig.seen(index + 1)).fail(code, `it "failed" – ${code}`);
    const answer = await client.answer();
    t.is(answer.status, statusOfCode(code));
    t.is(errorOf(answer).code, code);
    t.is(errorOf(answer).message, `it "failed" – ${code}`);
  }
});

test('says when to try again in the header and in the body', async (t) => {
  using rig = await Rig.start();
  const answer = await rig.ask(post('/t.S/refuse', '{}'));
  t.is(answer.status, 429);
  t.is(answer.headers['retry-after'], '2');
  t.deepEqual(errorOf(answer), {
    code: 'RESOURCE_EXHAUSTED',
    message: 'the queue is full',
    retry: 'yes',
    retryAfterMs: 1500,
  });
});

test('tells on /healthz whether the process serves', async (t) => {
  using rig = await Rig.start();
  t.like(await rig.ask(get('/healthz')), { status: 200, body: 'ok\n' });
  t.like(await rig.ask(get('/healthz?verbose', {}, 'HEAD')), { status: 200, body: '' });
  rig.dispatcher.health = 'draining';
  t.like(await rig.ask(get('/healthz')), { status: 503, body: 'draining\n' });
  t.is((await rig.ask(post('/healthz', '{}'))).status, 405);
  t.is(rig.dispatcher.calls.length, 0);
});

test('takes a target in absolute form, as proxies send it', async (t) => {
  using rig = await Rig.start();
  const answer = await rig.ask(get('http://films.test:8080/t.S/read?a=1'));
  t.is(answer.body, '{"a":"1"}');
});

const refusals: [what: string, request: string, status: number, code: string, says: RegExp][] = [
  ['a path that is no method', get('/'), 404, 'NOT_FOUND', /POST \/Service\/method/],
  ['a deeper path', post('/t.S/echo/more', ''), 404, 'NOT_FOUND', /t\.S\/echo\/more/],
  ['an asterisk', get('*', {}, 'OPTIONS'), 404, 'NOT_FOUND', /./],
  ['an unknown method', post('/t.S/nope', '{}'), 404, 'NOT_FOUND', /t\.S\/nope/],
  ['an unknown service', post('/x/y', '{}'), 404, 'NOT_FOUND', /x\/y/],
  ['GET on a method that writes', get('/t.S/echo'), 405, 'UNIMPLEMENTED', /use POST/],
  ['PUT', post('/t.S/read', '').replace('POST', 'PUT'), 405, 'UNIMPLEMENTED', /use GET, HEAD, POST/],
  ['a GET with a body', post('/t.S/read', '{}').replace('POST', 'GET'), 400, 'INVALID_ARGUMENT', /use POST/],
  [
    'a form',
    post('/t.S/echo', '{}', { 'content-type': 'application/x-www-form-urlencoded' }),
    415,
    'INVALID_ARGUMENT',
    /json/,
  ],
  [
    'JSON in another charset',
    post('/t.S/echo', '{}', { 'content-type': 'application/json; charset=utf-16' }),
    415,
    'INVALID_ARGUMENT',
    /UTF-8/,
  ],
  ['a timeout without a unit', post('/t.S/echo', '{}', { 'heddle-timeout': '250' }), 400, 'INVALID_ARGUMENT', /"250"/],
  ['a timeout of nothing', post('/t.S/echo', '{}', { 'heddle-timeout': '0ms' }), 400, 'INVALID_ARGUMENT', /not 0/],
  ['a priority that is none', post('/t.S/echo', '{}', { 'heddle-priority': 'top' }), 400, 'INVALID_ARGUMENT', /"top"/],
  ['a switch that is none', post('/t.S/echo', '{}', { 'heddle-idempotent': 'yes' }), 400, 'INVALID_ARGUMENT', /"yes"/],
  ['a compressed body', post('/t.S/echo', '{}', { 'content-encoding': 'gzip' }), 415, 'INVALID_ARGUMENT', /"gzip"/],
  [
    'a short fingerprint',
    post('/t.S/echo', '', { 'heddle-schema-fingerprint': 'abc' }),
    400,
    'INVALID_ARGUMENT',
    /16 hex/,
  ],
  [
    'a call id of 17 digits',
    post('/t.S/echo', '', { 'heddle-call-id': '0'.repeat(17) }),
    400,
    'INVALID_ARGUMENT',
    /16 hex/,
  ],
  [
    'a metadata key of the runtime',
    post('/t.S/echo', '', { 'heddle-meta-heddle-query': '1' }),
    400,
    'INVALID_ARGUMENT',
    /runtime's own/,
  ],
  [
    'a metadata key of bad form',
    post('/t.S/echo', '', { "heddle-meta-it's": '1' }),
    400,
    'INVALID_ARGUMENT',
    /metadata key/,
  ],
  ['a metadata value of bad form', post('/t.S/echo', '', { 'heddle-meta-a': '%zz' }), 400, 'INVALID_ARGUMENT', /%XX/],
  ['bad percent-encoding in a query', get('/t.S/read?a=%ff'), 400, 'INVALID_ARGUMENT', /"a=%ff"/],
  ['two hosts', 'GET /healthz HTTP/1.1\r\nhost: a\r\nHost: b\r\n\r\n', 400, 'INVALID_ARGUMENT', /one host header/],
  ['no host', 'GET /healthz HTTP/1.1\r\n\r\n', 400, 'INVALID_ARGUMENT', /host/],
];

for (const [what, request, status, code, says] of refusals) {
  test(`refuses ${what} with ${status}, and the connection goes on`, async (t) => {
    using rig = await Rig.start();
    using client = rig.connect();
    client.send(request);
    const answer = await client.answer();
    t.is(answer.status, status);
    t.is(errorOf(answer).code, code);
    t.regex(errorOf(answer).message, says);
    t.is(answer.headers.allow === undefined, status !== 405);
    client.send(get('/healthz'));
    t.is((await client.answer()).status, 200);
    t.is(rig.dispatcher.calls.length, 0);
  });
}
