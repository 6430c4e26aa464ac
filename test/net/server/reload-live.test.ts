// What changes at once, on real servers: a reload takes hold everywhere when it is over, and nobody who calls notices it.

import { connect as connectSocket, type Socket } from 'node:net';
import test from 'ava';
import { readConfig } from '../../../config/read-config.ts';
import { formatProblems } from '../../../document/format-problems.ts';
import { type ErrorCode, HeddleError } from '../../../runtime/errors.ts';
import type { Settings } from '../../../runtime/settings.ts';
import { codesOf, startLoad } from '../../faults/load.ts';
import { eventually, type Rig, settingsOf, startRig } from '../../faults/rig.ts';
import { Front, Work } from '../../faults/services/contracts.ts';

const listen = '["heddle://127.0.0.1:0", "http://127.0.0.1:0"]';
const yaml = (more = '', pool = '', work = '', doors = listen) => `
io: { threads: 1 }
pools: { main: { threads: 2${pool} } }
services: { faults.Work: { module: ./work.ts, pool: main, listen: ${doors}${work} } }
${more}`;

/** The code of a call: 0 is an answer. */
function codeOf(call: Promise<unknown>): Promise<ErrorCode | 0> {
  return call.then(
    () => 0,
    (reason: unknown) => HeddleError.from(reason).code,
  );
}

async function httpEcho(rig: Rig, id: number, more: Record<string, string> = {}): Promise<boolean> {
  const url = `http://127.0.0.1:${rig.port('http')}/faults.Work/mirror`;
  const body = JSON.stringify({ id, text: 'x' });
  const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...more } });
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return ((await response.json()) as { id: number }).id === id;
}

/** A connection that says nothing; resolves with whether it was let in. */
function isLetIn(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connectSocket(port, '127.0.0.1');
    const timer = setTimeout(() => resolve(socket), 100);
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(undefined);
    });
  });
}

test.serial('under load no reload fails a request or closes a connection', async (t) => {
  const door = (keys: string) => `[{ address: "heddle://127.0.0.1:0", ${keys} }, "http://127.0.0.1:0"]`;
  const variants = [
    yaml('', ', timeout: 20s, maxFibers: 200, maxNested: 100, stallWarning: 1s, stallLimit: 9s, cancelGrace: none'),
    yaml('', '', ', timeout: 9s, methods: { echo: { timeout: 8s } }, maxConcurrency: 1000, compressAbove: 1KiB'),
    yaml('', '', '', door('maxConnections: 500, timeout: 9s, idleTimeout: 50s, readTimeout: 20s, writeBuffer: 2MiB')),
    yaml('limits: { connections: 900, connectionsPerIp: 800, requests: 5000, deny: ["10.0.0.0/8"], idleTimeout: 1m }'),
    yaml(
      'degraders: { d: { count: 1 } }\nsamplers: { s: { percent: 5 } }\nlog: { level: silent, levels: { io: fatal } }',
    ),
    yaml('stop: { timeout: 3s }\nquarantine: { kills: 9, for: 1m }'),
    yaml().replace('io: {', 'io: { memory: 64MiB, maxFibers: 99, maxNested: 98, timeout: 5s, stallLimit: 8s,'),
    yaml(),
  ].map(settingsOf);
  await using rig = await startRig(yaml());
  const { server } = rig;
  const work = rig.client(Work);
  let [closed, fresh] = [0, 0];
  const { ledger } = server.acceptor;
  const close = ledger.close.bind(ledger);
  ledger.close = (connection) => {
    closed++;
    close(connection);
  };
  const heddle = startLoad(24, 0, async (id) => (await work.echo({ id, text: 'x' })).id === id, 1);
  const http = startLoad(8, 1_000_000, (id) => httpEcho(rig, id), 1);
  await eventually('calls', () => heddle.good > 50 && http.good > 50);
  for (let round = 0; round < 6; round++) {
    for (const [index, next] of variants.entries()) {
      // Two at once: the later one holds.
      const [, { changed, needsRestart }] = await Promise.all([
        server.reload(variants[(index + 3) % variants.length]!),
        server.reload(next),
      ]);
      t.deepEqual(needsRestart, []);
      t.true(changed.length > 0);
      t.deepEqual(server.settingsInForce, next);
    }
    // A connection of its own, by whatever timeouts hold now.
    t.true(await httpEcho(rig, ++fresh, { connection: 'close' }));
  }
  const [calls, requests] = [heddle.good, http.good];
  await eventually('calls go on', () => heddle.good > calls + 50 && http.good > requests + 50);
  await eventually('those that were to close have closed', () => closed >= fresh);
  t.is(closed, fresh);
  await Promise.all([heddle.stop(), http.stop()]);
  t.deepEqual([codesOf(heddle), codesOf(http), heddle.wrong, http.wrong], [[], [], 0, 0]);
});

test.serial(
  'a request that runs keeps its deadline, and the next has the new one; bounds hold from then on',
  async (t) => {
    await using rig = await startRig(yaml());
    const { server } = rig;
    const work = rig.client(Work);
    const sleep = (sleepMs: number) => codeOf(work.echo({ id: 1, text: '', sleepMs }));
    const change = (...parts: Parameters<typeof yaml>) => server.reload(settingsOf(yaml(...parts)));

    for (const [pool, service] of [
      [', timeout: 40ms', ''],
      ['', ', timeout: 40ms'],
      ['', ', methods: { echo: { timeout: 40ms } }'],
    ]) {
      const running = sleep(300);
      await eventually('it runs', () => server.stats().fibers === 1);
      await change('', pool, service);
      t.is(await sleep(300), 'DEADLINE_EXCEEDED', pool! + service!);
      t.is(await running, 0);
      await change();
      t.is(await sleep(60), 0);
    }

    const both = () => Promise.all([sleep(60), sleep(60)]);
    await change('', '', ', maxConcurrency: 1');
    t.deepEqual(new Set(await both()), new Set([0, 'RESOURCE_EXHAUSTED']));
    await change('limits: { requests: 1 }');
    t.deepEqual(new Set(await both()), new Set([0, 'RESOURCE_EXHAUSTED']));
    await change();
    t.deepEqual(await both(), [0, 0]);

    // One fiber for each of two threads, and what waits for one when there are more is taken.
    await change('', ', maxFibers: 1');
    const many = Array.from({ length: 6 }, () => sleep(400));
    await eventually('two run', () => server.stats().fibers === 2);
    t.is(server.stats().fibers, 2);
    await change('', ', maxFibers: 6');
    await eventually('all run', () => server.stats().fibers === 6, 390);
    t.deepEqual(new Set(await Promise.all(many)), new Set([0]));

    await change('', ', stallWarning: 10ms');
    const warnings = () => server.poolCounters.total('stall-warnings');
    t.is(warnings(), 0);
    await work.echo({ id: 1, text: '', spinMs: 150 });
    await eventually('a warning', () => warnings() === 1);
  },
);

test.serial(
  'limits of connections hold for those that come; timeouts of a listener for those opened from then on',
  async (t) => {
    await using rig = await startRig(yaml());
    const { server } = rig;
    const work = rig.client(Work);
    t.is((await work.echo({ id: 1, text: '' })).id, 1);
    const [heddle, http] = [rig.port('heddle'), rig.port('http')];
    const before = await isLetIn(heddle);
    t.truthy(before);
    const refused = async (limits: string) => {
      await server.reload(settingsOf(yaml(`limits: { ${limits} }`)));
      const isOut = (await isLetIn(heddle)) === undefined && (await isLetIn(http)) === undefined;
      t.is((await work.echo({ id: 2, text: '' })).id, 2, limits);
      return isOut;
    };
    t.true(await refused('connections: 2'));
    t.true(await refused('connectionsPerIp: 2'));
    t.true(await refused('deny: ["127.0.0.0/8"]'));
    t.true(await refused('allow: ["10.0.0.0/8"]'));
    const door = '[{ address: "heddle://127.0.0.1:0", maxConnections: 2, idleTimeout: 80ms }, "http://127.0.0.1:0"]';
    await server.reload(settingsOf(yaml('', '', '', door)));
    t.is(await isLetIn(heddle), undefined);
    const other = await isLetIn(http);
    t.truthy(other);
    other!.destroy();
    await server.reload(settingsOf(yaml('', '', '', door.replace('maxConnections: 2, ', ''))));
    const after = connectSocket(heddle, '127.0.0.1').resume();
    await new Promise((resolve) => after.once('close', resolve));
    t.false(before!.closed, 'one that was open before keeps its own');
    await server.reload(settingsOf(yaml()));
    before!.destroy();
  },
);

test.serial('a client goes to other servers, with other bounds, without a call that fails', async (t) => {
  await using one = await startRig(yaml());
  await using two = await startRig(yaml());
  const front = (target: Rig[], more = '', via = 'io') => `
io: { threads: 1 }
services: { faults.Front: { module: ./front.ts, listen: ["heddle://127.0.0.1:0"] } }
clients:
  faults.Work:
    { target: "heddle://${target.map((rig) => `127.0.0.1:${rig.port('heddle')}`).join()}", via: ${via}${more} }
`;
  for (const via of ['io', 'caller']) {
    await using rig = await startRig(front([one], '', via));
    const change = (target: Rig[], more = '') => rig.server.reload(settingsOf(front(target, more, via)));
    const relay = rig.client(Front).relay;
    const connections = ({ server }: Rig) => server.acceptor.ledger.size;
    const [before, beforeOther] = [connections(one), connections(two)];
    const load = startLoad(8, 0, async (id) => (await relay({ id, text: 'x', sleepMs: 2 })).id === id, 1);
    await eventually('calls', () => load.good > 20);
    t.true(connections(one) > before);
    t.deepEqual((await change([two])).changed, ['clients.faults.Work.target']);
    await eventually('the first is left', () => connections(one) === before && connections(two) > beforeOther);
    await change([one, two], ', connections: 3, balance: least-loaded, maxInFlight: 100, connectTimeout: 2s');
    await eventually('both', () => connections(one) > before + 2 && connections(two) > beforeOther + 2);
    await change([one]);
    await eventually('one', () => connections(two) === beforeOther);
    const good = load.good;
    await eventually('calls go on', () => load.good > good + 20);
    await load.stop();
    t.deepEqual([codesOf(load), load.wrong], [[], 0]);

    const sleep = (sleepMs: number) => codeOf(relay({ id: 1, text: '', sleepMs }));
    const running = sleep(200);
    await eventually('it runs', () => one.server.stats().fibers === 1);
    await change([one], ', timeout: 50ms');
    t.is(await sleep(200), 'DEADLINE_EXCEEDED');
    t.is(await running, 0);
    await change([one], ', attemptTimeout: 50ms, maxAttempts: 1');
    t.is(await sleep(200), 'DEADLINE_EXCEEDED');
    await change([one], ', maxInFlight: 1');
    const codes = await Promise.all(Array.from({ length: 30 }, () => sleep(50)));
    t.true(codes.includes(0) && codes.includes('RESOURCE_EXHAUSTED'), via);
  }
});

test.serial('a job runs as the new settings say; a stop has the new time', async (t) => {
  const jobs = (tick: string, rest = '') =>
    yaml(`jobs: { tick: { run: "./work.ts#default", timeout: 1s, pool: main, ${tick} } }\n${rest}`);
  const tick = 'run: "./ticks.ts#tick"';
  const text = (when: string, rest?: string) => jobs(when, rest).replace('run: "./work.ts#default"', tick);
  await using rig = await startRig(text('every: 1h'));
  const { server } = rig;
  const row = () => server.jobs.rows()[0];
  t.is(row()!.runs, 0);
  await server.reload(settingsOf(text('every: 100ms')));
  await eventually('runs', () => row()!.runs > 1);
  await server.reload(settingsOf(text('cron: "@yearly"')));
  const { runs } = row()!;
  t.regex(row()!.schedule, /yearly/);
  t.true(runs > 1);
  t.deepEqual((await server.reload(settingsOf(yaml()))).changed, ['jobs.tick (gone)']);
  await eventually('no job', () => server.jobs.rows().length === 0);
  // One that is new has its code on threads that are born for it.
  const { rolled } = await server.reload(settingsOf(text('every: 1h, atStart: true')));
  t.deepEqual(
    rolled.map(({ pool, settings }) => [pool, settings]),
    [['main', ['jobs.tick']]],
  );
  await eventually('a run', () => row()!.outcome === 'OK');

  const call = codeOf(rig.client(Work, { maxAttempts: 1 }).echo({ id: 1, text: '', sleepMs: 30_000 }));
  await eventually('it runs', () => server.stats().fibers === 1);
  await server.reload(settingsOf(yaml('stop: { timeout: 50ms }')));
  const beganMs = performance.now();
  const stopped = server.stop();
  // In the middle of the drain: taken over, or too late for that, and in nobody's way.
  const late = codeOf(server.reload(settingsOf(yaml('', ', timeout: 1s'))));
  t.false(await stopped);
  t.true(performance.now() - beganMs < 5_000);
  t.is(await call, 'UNAVAILABLE');
  t.true([0, 'CANCELLED'].includes(await late));
});

test.serial('a file that is wrong changes nothing, and says where', async (t) => {
  let text = yaml('limits: { requests: 100 }');
  const readSettings = (): Settings => {
    const overrides = ['log.level=silent', 'admin.address=none'];
    const file = new URL('../../faults/services/heddle.yaml', import.meta.url).pathname;
    const { settings, problems } = readConfig({ file, text, overrides, environment: {} });
    if (settings !== undefined) return settings;
    throw new HeddleError('FAILED_PRECONDITION', formatProblems(problems), { retry: 'no' });
  };
  await using rig = await startRig(text, { readSettings });
  const { server } = rig;
  const before = server.settingsInForce;
  for (const [wrong, message] of [
    ['limits: { requests: 7', /heddle\.yaml:5:22: not valid YAML/],
    ['limits: { requests: 7, conections: 3 }', /heddle\.yaml:5:24: .*conections[\s\S]*connections/],
    ['limits: { requests: 7, idleTimeout: 3 }', /heddle\.yaml:5:37: /],
    ['limits: { requests: 7 }\nstop: { timeout: 5 lightyears }', /heddle\.yaml:6:18: /],
  ] as const) {
    text = yaml(wrong);
    await t.throwsAsync(server.reloadFile(), { code: 'FAILED_PRECONDITION', message });
    t.is(server.settingsInForce, before);
  }
  text = yaml('limits: { requests: 7 }').replace('pool: main', 'pool: mian');
  await t.throwsAsync(server.reloadFile(), { message: /heddle\.yaml:4:\d+: no pool is named "mian"[\s\S]*main/ });
  t.is(server.settingsInForce, before);
  // Right as a file, but no code that could be rolled out: then nothing of it is taken over.
  text = yaml('limits: { requests: 7 }').replace('./work.ts', './contracts.ts');
  await t.throwsAsync(server.reloadFile(), { code: 'FAILED_PRECONDITION', message: /contracts\.ts/ });
  t.is(server.settingsInForce, before);
  text = yaml('limits: { requests: 7 }');
  const [first, second, third] = [server.reloadFile(), server.reloadFile(), server.reloadFile()];
  t.deepEqual((await first).changed, ['limits.requests']);
  t.is(second, third);
  t.deepEqual((await second).changed, []);
});
