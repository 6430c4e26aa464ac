// Log sinks of plugins on the real log thread.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { BroadcastChannel, Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { logSinksUrl } from '../../../config/built-in.ts';
import { type LogHub, startLogThread } from '../../../runtime/log/hub.ts';
import type { PluginSettings } from '../../../runtime/settings.ts';
import { eventually } from '../../faults/rig.ts';
import { Modules } from '../plugins/modules.ts';
import type { WorkerFixtureData } from './fixtures/worker.ts';

function setUp(t: ExecutionContext) {
  const modules = new Modules(t);
  const file = modules.path('heddle.log');
  const hub = startLogThread({
    ...{ level: 'info', levels: {}, file, rotateBytes: 0, rotateEveryMs: 0, keepFiles: 0 },
    sinkModuleUrl: logSinksUrl,
  });
  t.teardown(() => hub.close());
  const logged = (): Record<string, unknown>[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  return { modules, hub, logged };
}

/** A plugin on the log thread that adds a sink: `sink` is the inside of its braces. */
const sinkPlugin = (modules: Modules, name: string, sink: string, top = ''): PluginSettings =>
  modules.plugin(name, `threads: ['log'], install(host) { ${top}; host.logSink({ name: '${name}', ${sink} }); }`);

const install = (hub: LogHub, ...plugins: PluginSettings[]): Promise<void> =>
  hub.installPlugins(plugins.map((plugin) => ({ name: /([\w-]+)\.ts$/.exec(plugin.moduleUrl)![1]!, ...plugin })));

/** A sink that notes each line. */
const noting = (modules: Modules, name = 'notes') =>
  sinkPlugin(modules, name, `write: ({ lines }) => { for (const line of lines) note('${name} ' + line); }`);

const heardBy = (modules: Modules, name = 'notes'): Record<string, unknown>[] =>
  modules.notes.filter((line) => line.startsWith(`${name} {`)).map((line) => JSON.parse(line.slice(name.length + 1)));

const messages = (lines: Record<string, unknown>[]) => lines.map(({ msg }) => msg);

test.serial(
  'a sink gets every line of every thread once, in the order of its thread, from its installation on',
  async (t) => {
    const { modules, hub, logged } = setUp(t);
    hub.logger('work').info({}, 'before');
    t.true(hub.flush(5_000));
    await install(hub, noting(modules));
    hub.setLevels({ level: 'debug', levels: {} });
    const workers = ['io-1', 'work-1'].map((source) => {
      const workerData: WorkerFixtureData = { log: hub.attach(source).workerSide, end: 'echo' };
      return new Worker(new URL('./fixtures/worker.ts', import.meta.url), { workerData });
    });
    const echoed = workers.map(
      (worker) => new Promise<void>((resolve) => worker.on('message', (text) => text === '199' && resolve())),
    );
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    for (let n = 0; n < 200; n++) {
      for (const worker of workers) worker.postMessage(`${n}`);
      hub.logger('work').info({}, `${n}`);
    }
    await Promise.all(echoed);
    await Promise.all(workers.map((worker) => worker.terminate()));
    await hub.close();
    const heard = Map.groupBy(heardBy(modules), ({ source }) => source as string);
    const expected = Map.groupBy(logged().slice(1), ({ source }) => source as string);
    t.is(expected.get('main')?.length, 200);
    t.deepEqual([...heard.keys()].sort(), ['io-1', 'main', 'work-1']);
    for (const [source, lines] of expected) t.deepEqual(heard.get(source), lines, source);
  },
);

test.serial(
  'a slow sink holds up nobody: over its bound it loses lines, is told how many, and the log says so',
  async (t) => {
    const { modules, hub, logged } = setUp(t);
    const channel = new BroadcastChannel(modules.folder);
    t.teardown(() => channel.close());
    const slow = sinkPlugin(
      modules,
      'slow',
      `bufferBytes: 4096, async write({ lines }, { lost }) {
  note('slow lost ' + lost);
  for (const line of lines) note('slow ' + line);
  await released;
}, close: ({ lost }) => note('slow lost ' + lost)`,
      `const channel = new BroadcastChannel(${JSON.stringify(modules.folder)});
const released = new Promise((resolve) => { channel.onmessage = resolve; })`,
    );
    await install(hub, slow, noting(modules));
    hub.logger('work').info({ n: -1 }, 'a line');
    await eventually('a write is under way', () => heardBy(modules, 'slow').length === 1);
    for (let n = 0; n < 200; n++) hub.logger('work').info({ n }, 'a line');
    t.true(hub.flush(5_000));
    t.is(logged().filter(({ n }) => n !== undefined).length, 201);
    await eventually('the loss is told', () => logged().some(({ sink }) => sink === 'slow'));
    channel.postMessage('go on');
    await eventually('it goes on', () => {
      hub.logger('work').info({}, 'another');
      return heardBy(modules, 'slow').some(({ msg }) => msg === 'another');
    });
    await hub.close();
    const heard = heardBy(modules, 'slow').length;
    const lost = modules.notes
      .filter((line) => line.startsWith('slow lost'))
      .reduce((sum, line) => sum + Number(line.slice('slow lost '.length)), 0);
    t.true(lost > 100);
    const own = (lines: Record<string, unknown>[]) => lines.filter(({ source }) => source === 'log');
    t.is(heard + lost, logged().length - own(logged()).length);
    t.regex(String(own(logged())[0]?.msg), /^\d+ log lines? lost to a log sink: it takes them too slowly$/);
    t.is(
      own(logged()).reduce((sum, line) => sum + Number(line.lost), 0),
      lost,
    );
    t.deepEqual(own(heardBy(modules)), own(logged()));
    t.deepEqual(own(heardBy(modules, 'slow')), []);
  },
);

test.serial(
  'what a sink throws is logged once a minute, to the others only, and it gets what comes next',
  async (t) => {
    const { modules, hub, logged } = setUp(t);
    const throws = sinkPlugin(
      modules,
      'throws',
      `write({ lines }) { for (const line of lines) note('throws ' + line); throw new Error('no route'); }`,
    );
    const rejects = sinkPlugin(modules, 'rejects', `async write() { throw new Error('no answer'); }`);
    await install(hub, throws, rejects, noting(modules));
    for (let n = 0; n < 5; n++) {
      hub.logger('work').info({}, `${n}`);
      await eventually('a failure', () => messages(heardBy(modules, 'throws')).includes(`${n}`));
    }
    await hub.close();
    const failures = logged().filter(({ source }) => source === 'log');
    t.deepEqual(failures.map(({ sink }) => sink).sort(), ['rejects', 'throws']);
    t.like(
      failures.find(({ sink }) => sink === 'throws'),
      {
        level: 'error',
        msg: 'the log sink failed',
        times: 1,
        err: { message: 'no route' },
      },
    );
    t.deepEqual(heardBy(modules), logged());
    t.false(heardBy(modules, 'throws').some(({ sink }) => sink === 'throws'));
  },
);

test.serial(
  'a sink that throws what JSON can not write is told of in one line, by its texts, and gets what comes next',
  async (t) => {
    const { modules, hub, logged } = setUp(t);
    const thrown = {
      cycle: `const cycle: Record<string, unknown> = new Error('cycle'); cycle.self = { cycle }`,
      bigint: `const bigint = Object.assign(new Error('bigint'), { took: 5n })`,
      bare: 'const bare = Object.create(null)',
      getter: `const getter = Object.defineProperty(new Error('getter'), 'at', { enumerable: true, get() { throw new Error('no'); } })`,
      frozen: `const frozen = Object.freeze(new TypeError('frozen'))`,
    };
    const sinks = Object.entries(thrown).map(([name, make]) =>
      sinkPlugin(
        modules,
        name,
        `write({ lines }) { note('${name} ' + lines.length); calls++; if (calls === 1) throw ${name}; if (calls === 2) return Promise.reject(${name}); },
close: () => Promise.reject(${name})`,
        `let calls = 0; ${make}`,
      ),
    );
    await install(hub, ...sinks, noting(modules));
    const times = (name: string) => modules.notes.filter((line) => line.startsWith(`${name} `)).length;
    for (const n of [1, 2, 3]) {
      hub.logger('work').info({ n }, 'a line');
      await eventually(`line ${n}`, () => Object.keys(thrown).every((name) => times(name) >= n));
    }
    await hub.close();
    t.is(hub.thread.threadId, -1);
    const failed = Map.groupBy(
      logged().filter(({ msg }) => msg === 'the log sink failed'),
      ({ sink }) => sink as string,
    );
    const first = (name: string) => failed.get(name)?.[0]?.err as { type?: string; message: string; stack?: string };
    for (const name of ['cycle', 'bigint', 'getter', 'frozen']) {
      t.is(first(name).message, name);
      t.regex(first(name).stack ?? '', new RegExp(`Error: ${name}\\n +at `));
    }
    t.is(first('frozen').type, 'TypeError');
    t.deepEqual(first('bare'), { message: 'a value of type object that has no text' });
    // The first, and at the end that it has not closed.
    for (const name of Object.keys(thrown)) t.is(failed.get(name)?.length, 2, name);
  },
);

test.serial(
  'a direct sink that does not say how many bytes it has written is told of, and the log goes on',
  async (t) => {
    const { modules, hub, logged } = setUp(t);
    const answers: Record<string, [string, RegExp]> = {
      nothing: ['undefined', /, not undefined$/],
      nan: ['NaN', /, not NaN of \d+$/],
      negative: ['-1', /, not -1 of \d+$/],
      more: ['bytes.length + 1', /, not (\d+) of \d+$/],
      half: ['0.5', /, not 0\.5 of \d+$/],
      promise: ['Promise.resolve(bytes.length)', /, not a promise; a sink that waits has write\(batch, call\)$/],
    };
    const sinks = Object.entries(answers).map(([name, [answer]]) =>
      sinkPlugin(modules, name, `writeSync(bytes) { note('${name} called'); return ${answer} as number; }`),
    );
    await install(hub, ...sinks);
    hub.logger('work').info({}, 'one');
    t.true(hub.flush(5_000));
    await hub.close();
    for (const [name, [, reason]] of Object.entries(answers)) {
      const { err } = logged().find(({ sink }) => sink === name) as { err: { code: string; message: string } };
      t.is(err.code, 'FAILED_PRECONDITION');
      t.regex(err.message, /^writeSync must return how many bytes it has written/);
      t.regex(err.message, reason);
    }
    t.true(messages(logged()).includes('one'));
  },
);

test.serial('a sink that is added after install has ended is refused', async (t) => {
  const { modules, hub } = setUp(t);
  const late = modules.plugin(
    'late',
    `threads: ['log'], install(host) {
  host.onDrain(() => { try { host.logSink({ name: 'late', write() {} }); } catch (reason) { note(String(reason)); } });
}`,
  );
  await install(hub, late);
  hub.drainPlugins();
  await eventually('it is refused', () => modules.notes.length > 0);
  t.deepEqual(modules.notes, [
    'HeddleError: plugin late called host.logSink after its install had ended, when nothing can be added: call it before install returns',
  ]);
});

test.serial(
  'what plugins of the log thread log goes to the destination only, and an exception that nobody catches does not end it',
  async (t) => {
    const { modules, hub, logged } = setUp(t);
    const talks = sinkPlugin(
      modules,
      'talks',
      `write() { host.log.info({}, 'written'); setTimeout(() => { throw new Error('nobody listens'); }); }`,
    );
    await install(hub, talks, noting(modules));
    hub.logger('work').info({}, 'one');
    await eventually('the exception', () => logged().some(({ err }) => err !== undefined));
    hub.logger('work').info({}, 'two');
    await hub.close();
    t.deepEqual(messages(heardBy(modules)), ['one', 'two']);
    t.deepEqual(messages(logged().filter(({ component }) => component === 'plugin.talks')), ['written', 'written']);
    t.like(
      logged().find(({ err }) => err !== undefined),
      { component: 'plugins', err: { message: 'nobody listens' } },
    );
  },
);

test.serial('the log thread misses no ring while its event loop turns', async (t) => {
  const { modules, hub } = setUp(t);
  const channel = new BroadcastChannel(modules.folder);
  t.teardown(() => channel.close());
  const echoes = sinkPlugin(
    modules,
    'echoes',
    'write: ({ lines }) => channel.postMessage(JSON.parse(lines.at(-1)).n)',
    `const channel = new BroadcastChannel(${JSON.stringify(modules.folder)})`,
  );
  await install(hub, echoes);
  const log = hub.logger('work');
  const heard = new Promise<void>((resolve) => {
    channel.onmessage = (event: unknown) => {
      const { data: n } = event as { data: number };
      if (n === 300) resolve();
      else log.info({ n: n + 1 }, 'once more');
    };
  });
  log.info({ n: 1 }, 'first');
  await heard;
  t.true(hub.flush(5_000));
});

test.serial('the end waits for a sink, closes it and disposes its plugin', async (t) => {
  const { modules, hub } = setUp(t);
  const plugin = modules.plugin(
    'careful',
    `threads: ['log'], install(host) {
  host.onDrain(() => note('drain'));
  host.logSink({ name: 'careful', async write({ lines }) { await sleep(20); note('wrote ' + lines.length); },
    async close() { await sleep(20); note('close'); } });
  setInterval(() => {}, 1000);
  return () => note('dispose');
}`,
  );
  await install(hub, plugin);
  hub.drainPlugins();
  await eventually('it has heard', () => modules.notes.includes('drain'));
  hub.logger('work').info({}, 'last words');
  await hub.close();
  t.deepEqual(modules.notes, ['drain', 'wrote 1', 'close', 'dispose']);
  t.is(hub.thread.threadId, -1);
});

test.serial('a sink that hangs holds the end for its bound, and the log says so', async (t) => {
  const { modules, hub, logged } = setUp(t);
  await install(hub, sinkPlugin(modules, 'hangs', 'write: () => new Promise(() => {})'), noting(modules));
  hub.logger('work').info({}, 'last words');
  const beginMs = performance.now();
  await hub.close();
  t.true(performance.now() - beginMs < 3_000);
  t.deepEqual(messages(heardBy(modules)), ['last words']);
  t.deepEqual(messages(logged()), ['last words', 'the log sink failed']);
  t.like(logged()[1], { err: { message: 'it had not written what waited and closed within 500ms' } });
});

test.serial(
  'a plugin that is not installed fails with its name and thread, gets no line, and the log goes on',
  async (t) => {
    const { modules, hub, logged } = setUp(t);
    const first = modules.plugin(
      'first',
      `threads: ['log'], install(host) {
  host.logSink({ name: 'first', write: ({ lines }) => note('first ' + lines[0]) });
  return () => note('dispose first');
}`,
    );
    await t.throwsAsync(install(hub, first, sinkPlugin(modules, 'file', 'write() {}')), {
      code: 'ALREADY_EXISTS',
      message:
        'plugin file was not installed on thread log: there is a log sink file already, from plugin heddle.log-sinks',
    });
    hub.logger('work').info({}, 'on');
    await hub.close();
    t.deepEqual(messages(logged()), ['on']);
    t.deepEqual(modules.notes, ['dispose first']);
  },
);

test.serial('a plugin that ends the log thread fails its installation', async (t) => {
  const { modules, hub } = setUp(t);
  await t.throwsAsync(install(hub, modules.plugin('exits', `threads: ['log'], install() { process.exit(1); }`)), {
    code: 'UNAVAILABLE',
  });
});

test.serial('a plugin may add a sink without an event loop', async (t) => {
  const { modules, hub } = setUp(t);
  const direct = sinkPlugin(
    modules,
    'direct',
    `human: true, writeSync(bytes) { if (++calls % 2 === 1) return 0; note(bytes.toString('utf8', 0, 25)); return Math.min(bytes.length, 25); }, close: () => note('closed')`,
    'let calls = 0',
  );
  await install(hub, direct);
  hub.logger('work').info({ n: 1 }, 'a line');
  await hub.close();
  t.regex(modules.notes.join(''), /INFO.* main work: a line n=1closed$/s);
});

const refused = test.macro({
  title: (title) => `refuses a sink with ${title}`,
  async exec(t, sink: string, reason: RegExp) {
    const { modules, hub } = setUp(t);
    await t.throwsAsync(install(hub, sinkPlugin(modules, 'wrong', sink)), {
      code: 'INVALID_ARGUMENT',
      message: reason,
    });
  },
});

test.serial('no write', refused, '', /log sink "wrong": it has no write\(batch, call\)$/);
test.serial('both ways to write', refused, 'write() {}, writeSync: () => 0', /it has both write and writeSync/);
test.serial(
  'no room',
  refused,
  'write() {}, bufferBytes: 10',
  /its bufferBytes must be from 1024 to 67108864, not 10$/,
);
