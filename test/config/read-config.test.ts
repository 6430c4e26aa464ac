import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { explainService } from '../../config/explain-service.ts';
import { readConfig } from '../../config/read-config.ts';
import { methodTable } from '../../net/service/method-table.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { least, read, settled } from './read.ts';

test('one service is enough; everything else has a default', (t) => {
  const { settings } = settled(t, least, { cores: 8 });
  t.is(settings.io.threads, 2);
  t.deepEqual(settings.pools, [
    {
      name: 'default',
      threads: 6,
      maxFibers: 256,
      maxNested: 256,
      queueLength: 1024,
      stackBytes: 4_194_304,
      timeoutMs: 30_000,
      stallWarningMs: 200,
      stallLimitMs: 5_000,
      cancelGraceMs: 1_000,
    },
  ]);
  t.is(settings.stop.timeoutMs, 10_000);
  t.is(settings.limits.connections, 10_000);
  t.deepEqual(settings, structuredClone(settings));
});

test('threads are at least one of each kind on one core, and bounded on many', (t) => {
  const one = settled(t, least, { cores: 1 }).settings;
  t.deepEqual([one.io.threads, one.pools[0]?.threads], [1, 1]);
  const many = settled(t, least, { cores: 256 }).settings;
  t.deepEqual([many.io.threads, many.pools[0]?.threads], [8, 16]);
});

test('a queue is rounded up to a power of two', (t) => {
  const { settings } = settled(t, `pools: { a: { queue: 1000 }, b: { queue: 1 }, c: { queue: 65536 } }\n${least}`);
  t.deepEqual(
    settings.pools.slice(0, 3).map((pool) => pool.queueLength),
    [1024, 1, 65_536],
  );
});

test('a service runs on a named pool, on io, on one of its own, or on the default one', (t) => {
  const text = `pools: { a: {} }
services:
  A: { module: greeter.ts, pool: a }
  B: { module: greeter.ts, pool: io }
  C: { module: greeter.ts, pool: { threads: 2 } }
`;
  const { settings } = settled(t, text);
  t.deepEqual(
    settings.services.map((service) => service.pool),
    ['a', 'io', 'C'],
  );
  t.deepEqual(
    settings.pools.map((pool) => pool.name),
    ['a', 'C'],
  );
});

test('none and 0 switch a bound off', (t) => {
  const text = `pools: { a: { timeout: none }, b: { timeout: 0 }, c: { timeout: 0s } }\n${least}`;
  const { settings } = settled(t, text);
  t.deepEqual(
    settings.pools.slice(0, 3).map((pool) => pool.timeoutMs),
    [0, 0, 0],
  );
});

test('limits are the defaults of bindings; a binding wins', (t) => {
  const text = `limits: { frame: 2MB, emptyTimeout: 3s, idleTimeout: none }
services:
  A: { module: greeter.ts, listen: [ "http://127.0.0.1:80", { address: "heddle://[::1]:0", frame: 1MB, connectTimeout: none } ] }
`;
  const { settings } = settled(t, text);
  const [first, second] = settings.services[0]!.listen;
  t.deepEqual([first?.frameBytes, first?.connectTimeoutMs, first?.idleTimeoutMs], [2_000_000, 3000, 0]);
  t.deepEqual([second?.frameBytes, second?.connectTimeoutMs, second?.host], [1_000_000, 0, '::1']);
});

test('services share a listener and its bounds, whoever wrote them', (t) => {
  const text = `services:
  A: { module: greeter.ts, listen: [ "http://127.0.0.1:80" ] }
  B: { module: greeter.ts, listen: [ { address: "http://127.0.0.1:80", frame: 1MB } ] }
  C: { module: greeter.ts, listen: [ { address: "http://127.0.0.1:80", frame: 1000kB, timeout: 5s } ] }
`;
  const { settings } = settled(t, text);
  const [a, b, c] = settings.services.map((service) => service.listen[0]);
  t.deepEqual([a?.frameBytes, a?.timeoutMs], [1_000_000, 5000]);
  t.deepEqual(a, b);
  t.deepEqual(b, c);
});

test('anchors, aliases and merge keys work; what is written beside a merge wins', (t) => {
  const text = `pools:
  a: &a { threads: 2, queue: 16 }
  b: { <<: *a, threads: 3 }
  c: { <<: [ { threads: 1 }, *a ] }
${least}`;
  const { settings } = settled(t, text);
  t.deepEqual(
    settings.pools.slice(0, 3).map((pool) => [pool.threads, pool.queueLength]),
    [
      [2, 16],
      [3, 16],
      [1, 16],
    ],
  );
});

test('names that objects have of themselves are names like others', (t) => {
  const text = `services:
  constructor: { module: greeter.ts, methods: { __proto__: { timeout: 1s }, toString: { timeout: 2s } } }
log: { levels: { __proto__: debug } }
`;
  const { settings } = settled(t, text);
  t.deepEqual(Object.entries(structuredClone(settings).services[0]!.methodTimeoutsMs), [
    ['__proto__', 1000],
    ['toString', 2000],
  ]);
  t.is(read(`__proto__: 1\nconstructor: 1\n${least}`).problems.length, 2);
});

test('a file is read from its folder, and says why when it can not be', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-config-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'heddle.yaml');
  const message = (): string =>
    readConfig({ file })
      .problems.map((problem) => problem.message)
      .join();
  t.is(message(), `no such file: looked at ${file}`);
  writeFileSync(file, Buffer.from([0x61, 0xff, 0xfe]));
  t.is(message(), 'is not UTF-8 text');
  writeFileSync(file, Buffer.alloc(1_100_000, 0x20));
  t.is(message(), 'is 1100kB long; at most 1MiB are read');
  writeFileSync(join(folder, 'greeter.js'), '');
  writeFileSync(file, 'services: { A: { module: ./greeter.js } }\nlog: { file: logs/heddle.log }');
  const { settings } = readConfig({ file });
  t.is(settings?.services[0]?.moduleUrl, new URL(`file://${folder}/greeter.js`).href);
  t.is(settings?.log.file, join(folder, 'logs/heddle.log'));
  t.is(settings?.baseDir, folder);
  t.regex(readConfig({ file: folder }).problems[0]!.message, /^is a folder/);
});

test('explains which timeout wins, and where everything came from', (t) => {
  const text = `pools: { ranking: { threads: 4, timeout: 2s } }
services:
  demo.Greeter:
    module: ./greeter.ts
    pool: ranking
    timeout: 300ms
    methods: { greet: { timeout: 100ms } }
    listen: [ "heddle://127.0.0.1:7000", { address: "http://127.0.0.1:7080", timeout: 50ms } ]
clients: { demo.Greeter: { target: "heddle://10.0.0.1:7001" } }
`;
  const explained = explainService(settled(t, text, { overrides: ['io.threads=1'] }), 'demo.Greeter');
  const lines = explained
    .replaceAll('test/config/fixtures/', '')
    .split('\n')
    .map((line) => line.trim().replace(/ {2,}/g, ' | '));
  t.true(lines.includes('threads | 4 | heddle.yaml:1'));
  t.true(lines.includes('client | fibers that call it go to 10.0.0.1:7001'));
  const timeouts = lines.filter((line) => /^(greet|any other) \|/.test(line)).map((line) => line.split(' | '));
  t.deepEqual(
    timeouts.map((cells) => cells.slice(0, 4)),
    [
      ['greet', 'heddle://127.0.0.1:7000', '100ms', 'method'],
      ['greet', 'http://127.0.0.1:7080', '50ms', 'binding'],
      ['greet', 'a call in the process', '100ms', 'method'],
      ['any other', 'heddle://127.0.0.1:7000', '300ms', 'service'],
      ['any other', 'http://127.0.0.1:7080', '50ms', 'binding'],
      ['any other', 'a call in the process', '300ms', 'service'],
    ],
  );
  t.is(
    timeouts[1]?.[4],
    'pool 2s (heddle.yaml:1), service 300ms (heddle.yaml:6), method 100ms (heddle.yaml:7), binding 50ms (heddle.yaml:8)',
  );
});

test('explains where an override came from, and services on io', (t) => {
  const environment = { HEDDLE_IO__THREADS: '2' };
  const overrides = ['services.demo.Greeter.pool=io', 'services.demo.Greeter.timeout=7s'];
  const explained = explainService(settled(t, least, { environment, overrides }), 'demo.Greeter');
  t.regex(explained, /pool {4}io \(--set #1\)/);
  t.regex(explained, /threads +2 +HEDDLE_IO__THREADS/);
  t.regex(explained, /any +a call in the process +7s +service +pool 30s \(default\), service 7s \(--set #2\)/);
});

test('explaining an unknown service names the nearest', (t) => {
  const error = t.throws(() => explainService(settled(t, least), 'demo.Greter'), { instanceOf: HeddleError });
  t.is(error.code, 'NOT_FOUND');
  t.regex(error.message, /did you mean "demo.Greeter"\?$/);
});

test("pool io has a timeout like any other pool, and the service's may be smaller", (t) => {
  const text = 'services: { demo.Greeter: { module: ./greeter.ts, pool: io } }\n';
  const { settings } = settled(t, text);
  t.is(settings.io.timeoutMs, 30_000);
  t.regex(explainService(settled(t, text), 'demo.Greeter'), /a call in the process +30s +pool +pool 30s \(default\)/);
  const set = settled(t, `io: { timeout: none }\n${text}`).settings;
  const row = { service: 'demo.Greeter', method: 'greet', reads: false, oneWay: false };
  const timeoutOf = (of: typeof settings) =>
    methodTable(of, new Map([['io', { queue: 'io', served: [row] }]]))[0]?.timeoutMs;
  t.deepEqual([timeoutOf(settings), timeoutOf(set)], [30_000, 0]);
  const [service] = settings.services;
  t.is(timeoutOf({ ...settings, services: [{ ...service!, timeoutMs: 7 }] }), 7);
});

test('threads of libuv are set only when somebody says how many', (t) => {
  t.deepEqual(settled(t, least).settings.process, {});
  t.deepEqual(settled(t, `process: { libuvThreads: 16 }\n${least}`).settings.process, { libuvThreads: 16 });
});

test('a pool whose name was refused is offered to nobody', (t) => {
  const text = 'pools: { "1st": {}, ranking: {} }\nservices: { A: { module: greeter.ts, pool: first } }\n';
  const offers = read(text).problems.map(({ allowed }) => allowed);
  t.deepEqual(offers, [undefined, ['ranking', 'io', 'default']]);
});

test('a stallWarning that could never come is refused, at the value that was written', (t) => {
  const messages = (pool: string) =>
    read(`pools: { a: ${pool} }\nservices: { A: { module: greeter.ts, pool: a } }\n`).problems.map(
      ({ message, column }) => `${column}: ${message}`,
    );
  t.deepEqual(messages('{ stallLimit: 150ms }'), [
    '27: the stallWarning of 200ms, the default, never comes before the stallLimit of 150ms: make it shorter',
  ]);
  t.deepEqual(messages('{ stallLimit: 1s, stallWarning: 2s }'), [
    '45: the stallWarning of 2s never comes before the stallLimit of 1s: make it shorter',
  ]);
  t.deepEqual(messages('{ stallLimit: none, stallWarning: 2s }'), []);
});

test('the admin has an address by default, another one, or none', (t) => {
  t.deepEqual(settled(t, least).settings.admin, { host: '127.0.0.1', port: 7199, portIsDefault: true });
  const own = settled(t, `admin: { address: "http://127.0.0.2:9000" }\n${least}`).settings;
  t.deepEqual(own.admin, { host: '127.0.0.2', port: 9000, portIsDefault: false });
  t.is(settled(t, `admin: { address: none }\n${least}`).settings.admin, undefined);
});
