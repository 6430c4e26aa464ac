// LogHub with real threads and a real file.

import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { HeddleError } from '../../../runtime/errors.ts';
import { type LogHubOptions, startLogThread } from '../../../runtime/log/hub.ts';
import type { LogSettings } from '../../../runtime/settings.ts';
import type { WorkerFixtureData } from './fixtures/worker.ts';

function setUp(t: ExecutionContext, settings: Partial<LogSettings> = {}, options: LogHubOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-log-'));
  const file = join(folder, 'heddle.log');
  t.teardown(() => rmSync(folder, { recursive: true }));
  const hub = startLogThread(
    { level: 'info', levels: {}, file, rotateBytes: 0, rotateEveryMs: 0, keepFiles: 2, ...settings },
    options,
  );
  t.teardown(() => hub.close());
  const lines = () => {
    t.true(hub.flush(5_000));
    const text = readFileSync(file, 'utf8');
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  const startWorker = (source: string, end: WorkerFixtureData['end']) => {
    const { workerSide, detach } = hub.attach(source);
    const workerData: WorkerFixtureData = { log: workerSide, end };
    const worker = new Worker(new URL('./fixtures/worker.ts', import.meta.url), { workerData });
    worker.on('error', () => {});
    return { worker, detach };
  };
  return { hub, lines, startWorker, file };
}

test('a line has level, time, thread, component, fields and sentence, in this order', (t) => {
  const { hub, lines } = setUp(t);
  const before = Date.now();
  hub.logger('acceptor').info({ port: 7000 }, 'listening');
  const [line] = lines();
  t.deepEqual(Object.keys(line ?? {}), ['level', 'time', 'source', 'component', 'port', 'msg']);
  t.like(line, { level: 'info', source: 'main', component: 'acceptor', port: 7000, msg: 'listening' });
  t.true(Number(line?.time) >= before && Number(line?.time) <= Date.now());
});

test('an error in any field is written with stack, code and causes', (t) => {
  const { hub, lines } = setUp(t);
  const reason = new HeddleError('UNAVAILABLE', 'the peer has gone', { cause: new Error('ECONNRESET') });
  hub.logger('peer').warn({ reason }, 'call failed');
  hub.logger('peer').error(new Error('bare'), 'failed');
  const [first, second] = lines();
  t.like(first, {
    reason: {
      type: 'HeddleError',
      message: 'the peer has gone',
      code: 'UNAVAILABLE',
      cause: { message: 'ECONNRESET' },
    },
  });
  t.regex((first?.reason as { stack: string } | undefined)?.stack ?? '', /hub\.test\.ts/);
  t.like(second, { err: { message: 'bare' }, msg: 'failed' });
});

test('each component has its level, children inherit it, and a child adds its fields', (t) => {
  const { hub, lines } = setUp(t, { levels: { acceptor: 'debug', codec: 'silent' } });
  hub.logger('acceptor').debug({}, 'yes');
  hub.logger('acceptor').child({ port: 7000 }).debug({}, 'yes, with a port');
  hub.logger('codec').fatal({}, 'no');
  hub.logger('peer').debug({}, 'no');
  t.false(hub.logger('peer').isLevelEnabled('debug'));
  const written = lines();
  t.deepEqual(
    written.map(({ msg }) => msg),
    ['yes', 'yes, with a port'],
  );
  t.is(written[1]?.port, 7000);
});

test('changed levels hold at once on every thread', async (t) => {
  const { hub, lines, startWorker } = setUp(t);
  const { worker } = startWorker('ranking-2', 'echo');
  await once(worker, 'message');
  hub.setLevels({ level: 'info', levels: { work: 'debug' } });
  hub.logger('work').debug({}, 'on main');
  // The broadcast and this message take different ports, so it is repeated until the line comes.
  for (let round = 0; !lines().some(({ source }) => source === 'ranking-2'); round++) {
    worker.postMessage(`round ${round}`);
    await once(worker, 'message');
  }
  t.is(lines()[0]?.msg, 'on main');
  await worker.terminate();
});

test('what a thread logged comes out though it hung and was terminated', async (t) => {
  const { hub, lines, startWorker, file } = setUp(t);
  const { worker, detach } = startWorker('ranking-1', 'hang');
  while (readFileSync(file, 'utf8') === '') await new Promise(setImmediate);
  await worker.terminate();
  detach();
  detach();
  t.like(lines()[0], { source: 'ranking-1', component: 'work', msg: 'last words' });
  t.true(hub.flush(0));
});

test('the next thread goes on in the ring of one that has exited, once its lines are written', async (t) => {
  const { hub, lines, startWorker } = setUp(t, { level: 'debug' });
  const names = Array.from({ length: 5 }, (_, n) => `ranking-${n}`);
  for (const name of names) {
    const { worker, detach } = startWorker(name, 'echo');
    await once(worker, 'message');
    worker.postMessage(name);
    await once(worker, 'message');
    await worker.terminate();
    t.true(hub.flush(5_000));
    detach();
  }
  t.deepEqual(
    lines().map(({ source, msg }) => [source, msg]),
    names.map((name) => [name, name]),
  );
  const rings = new Set<SharedArrayBuffer>();
  for (let turn = 0; turn < 5; turn++) {
    const { workerSide, detach } = hub.attach('ranking');
    rings.add(workerSide.ring);
    detach();
  }
  t.is(rings.size, 1);
});

test('lines of many threads come out whole and in the order of each thread', async (t) => {
  const { lines, startWorker } = setUp(t, { level: 'debug' });
  const workers = ['io-1', 'io-2', 'ranking-1'].map((source) => startWorker(source, 'echo').worker);
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  for (let n = 0; n < 300; n++) for (const worker of workers) worker.postMessage(`${n}`);
  await Promise.all(workers.map((worker) => heard(worker, '299')));
  const bySource = Map.groupBy(lines(), ({ source }) => source);
  t.is(bySource.size, 3);
  for (const own of bySource.values())
    t.deepEqual(
      own.map(({ msg }) => msg),
      Array.from({ length: 300 }, (_, n) => `${n}`),
    );
  await Promise.all(workers.map((worker) => worker.terminate()));
});

test('rotates while it runs, and loses nothing', (t) => {
  const { hub, lines, file } = setUp(t, { rotateBytes: 4096 });
  for (let n = 0; n < 60; n++) hub.logger('work').info({ n }, 'a line');
  const newest = lines().map(({ n }) => n);
  const older = readFileSync(`${file}.1`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).n);
  t.deepEqual(
    [...older, ...newest],
    Array.from({ length: 60 }, (_, n) => n),
  );
});

test('a small ring drops, and the log says how many', (t) => {
  const { hub, lines } = setUp(t, {}, { ringBytes: 1024 });
  for (let n = 0; n < 100; n++) hub.logger('work').info({ n }, 'a line');
  const written = lines();
  const dropped = written.reduce((sum, line) => sum + Number(line.dropped ?? 0), 0);
  t.is(written.filter(({ component }) => component === 'work').length + dropped, 100);
  t.true(dropped > 0);
});

test('more threads than the bound are refused, and detached ones make room', (t) => {
  const { hub } = setUp(t, {}, { ringBytes: 1024 });
  const attached = Array.from({ length: 509 }, (_, n) => hub.attach(`io-${n}`));
  t.is(t.throws<HeddleError>(() => hub.attach('one-more'))?.code, 'RESOURCE_EXHAUSTED');
  attached[0]?.detach();
  t.notThrows(() => hub.attach('one-more'));
});

test('close writes what there is, ends the thread, and may be called again', async (t) => {
  const { hub, file } = setUp(t);
  hub.logger('work').info({}, 'last words');
  await hub.close();
  await hub.close();
  t.is(hub.thread.threadId, -1);
  t.regex(readFileSync(file, 'utf8'), /"msg":"last words"}\n$/);
  hub.logger('work').fatal({}, 'to nobody');
  t.false(hub.flush(1_000));
});

function heard(worker: Worker, text: string): Promise<void> {
  return new Promise((resolve) => {
    worker.on('message', (message) => {
      if (message === text) resolve();
    });
  });
}
