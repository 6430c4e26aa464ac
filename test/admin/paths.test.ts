import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type {
  ConnectionsAnswer,
  FibersAnswer,
  LiftAnswer,
  LogLevelAnswer,
  PoolsAnswer,
  QuarantineAnswer,
  ServicesAnswer,
  ThreadsAnswer,
  VersionAnswer,
} from '../../admin/shapes.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { eager, eventually } from '../faults/rig.ts';
import { Work } from '../faults/services/contracts.ts';
import { type AdminRig, adminRig, ask, fibersOf, services } from './rig.ts';
import { Chatty } from './services/chatty.ts';

const yaml = `
io: { threads: 1 }
pools: { work: { threads: 2 }, side: { threads: 1 } }
${services}`;

// One server for all tests that leave it as it was.
let shared: AdminRig;
test.before(async () => {
  shared = await adminRig(yaml, { configText: 'so it is' });
});
test.after.always(() => shared?.[Symbol.asyncDispose]());

test.serial('every reading path answers what the process is and does', async (t) => {
  const rig = shared;
  const { get } = rig;
  const work = rig.client(Work);
  const slow = work.echo({ id: 1, text: 'slow', sleepMs: 60_000, spinMs: 0 });
  slow.catch(() => {});
  await work.echo({ id: 2, text: 'fast', sleepMs: 0, spinMs: 0 });
  await eventually('the slow one runs', () => rig.server.stats().fibers === 1);

  const version = await get<VersionAnswer>('/version');
  t.like(version, { pid: process.pid, node: process.version, state: 'serving' });

  const { threads } = await get<ThreadsAnswer>('/threads');
  t.deepEqual(threads.map(({ name }) => name).sort(), ['admin', 'io-1', 'main', 'side-1', 'work-1', 'work-2']);
  t.deepEqual([...new Set(threads.filter(({ number }) => number > 0).map(({ state }) => state))], ['going']);
  t.is(
    threads.reduce((sum, { fibers }) => sum + fibers, 0),
    1,
  );

  const { pools } = await get<PoolsAnswer>('/pools');
  t.deepEqual(
    pools.map(({ name, threads: wanted, going, down, fibers }) => ({ name, wanted, going, down, fibers })),
    [
      { name: 'io', wanted: 1, going: 1, down: false, fibers: 0 },
      { name: 'work', wanted: 2, going: 2, down: false, fibers: 1 },
      { name: 'side', wanted: 1, going: 1, down: false, fibers: 0 },
    ],
  );
  t.is(pools[1]!.counts['death-exit'], 0);

  const { services: served } = await get<ServicesAnswer>('/services');
  const own = served.find(({ name }) => name === 'faults.Work')!;
  t.like(own, { pool: 'work', inFlight: 1, addresses: [`heddle://127.0.0.1:${rig.port('heddle')}`] });
  const echo = own.methods.find(({ name }) => name === 'echo')!;
  t.deepEqual([echo.fromSockets, echo.fromFibers], [{ OK: 1 }, {}]);
  t.true(echo.latencyP50Ms > 0 && echo.latencyMeanMs > 0);

  const connections = await get<ConnectionsAnswer>('/connections');
  t.is(connections.open, 1);
  const [row] = connections.perThread[0]!.rows;
  t.regex(row!.peer, /^127\.0\.0\.1:\d+$/);
  t.is(row!.listener, `heddle://127.0.0.1:${rig.port('heddle')}`);
  t.false(row!.idle, 'a request is under way');

  const fibers = await fibersOf(() => get<FibersAnswer>('/fibers'));
  t.true(fibers.threads.every(({ answered }) => answered));
  const running = fibers.threads.flatMap((thread) => thread.fibers);
  t.like(running, [{ name: 'faults.Work/echo', state: 'blocked', on: 'sleep', cancelled: false, children: [] }]);
  const busy = fibers.threads.find((thread) => thread.fibers.length > 0)!.thread;
  const one = await get<FibersAnswer>(`/fibers?thread=${busy}`);
  t.deepEqual(
    one.threads.map(({ thread }) => thread),
    [busy],
  );

  t.like(await get('/config'), { io: { threads: 1 } });
  t.is((await ask(rig.address, 'GET', '/config?explain')).text, 'so it is');
  t.deepEqual(await get('/quarantine'), { refused: [] });
  t.deepEqual(await get('/loglevel'), { level: 'silent', levels: {} });

  const { paths } = await get<{ paths: { path: string; summary: string }[] }>('/');
  for (const { path, summary } of paths) {
    t.regex(summary, /^[A-Z].*\.$/, path);
    const [verb, where] = path.split(' ');
    if (verb === 'GET') t.not((await ask(rig.address, 'GET', where!)).status, 404, path);
  }
});

test.serial('what the admin does not know, or not in this way, it refuses and says what there is', async (t) => {
  const rig = shared;
  const says = async (method: string, path: string, body = '') => {
    const { status, text } = await ask(rig.address, method, path, {}, body);
    return `${status} ${(JSON.parse(text) as { error: string }).error}`;
  };
  t.regex(await says('GET', '/nope'), /^404 there is no \/nope; there are .*GET \/threads/);
  t.regex(await says('GET', '/fibers?thread=work-9'), /^404 there is no thread "work-9"; there are .*work-1, work-2/);
  t.is(
    await says('GET', '/fibers?thread=main'),
    '404 main and admin run no fibers; there are io-1, work-1, work-2, side-1',
  );
  t.regex(await says('GET', '/profile'), /^400 say which thread, as \?thread=/);
  t.regex(await says('GET', '/profile?thread=work-1&ms=1e9'), /^400 "ms" must be a whole number from 10 to 60000/);
  t.regex(await says('POST', '/loglevel', '{"level":"loud"}'), /^400 "level" must be one of trace, /);
  t.regex(
    await says('POST', '/loglevel', '{"levle":"info"}'),
    /^400 unknown field "levle"; there are level, component/,
  );
  t.regex(await says('POST', '/loglevel', 'info'), /^400 the body is not JSON/);
  t.regex(await says('POST', '/loglevel', `"${'x'.repeat(70_000)}"`), /^413 the body is larger than 65536 bytes/);
  t.regex(await says('POST', '/quarantine/lift'), /^400 say which one/);
  t.regex(await says('POST', '/quarantine/lift', '{"fingerprint":"00000000"}'), /^404 .*nothing is refused/);
  const wrongVerb = await ask(rig.address, 'DELETE', '/loglevel');
  t.deepEqual([wrongVerb.status, wrongVerb.headers.allow], [405, 'GET, POST']);
  t.is((await ask(rig.address, 'GET', '/drain')).status, 405);
  t.is(rig.server.stats().threads, 4, 'nothing was drained');
});

test.serial('JSON is indented for people, and not for programs', async (t) => {
  const rig = shared;
  const lines = async (path: string, accept: string) =>
    (await ask(rig.address, 'GET', path, { accept })).text.trimEnd().split('\n').length;
  t.true((await lines('/version', '*/*')) > 1);
  t.is(await lines('/version', 'application/json'), 1);
  t.true((await lines('/version?pretty', 'application/json')) > 1);
});

test.serial('connections over the bound are closed at once, and those within it are served', async (t) => {
  const { port } = new URL(shared.address);
  const idle = await Promise.all(
    Array.from({ length: 64 }, async () => {
      const socket = connectTcp(Number(port), '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    }),
  );
  await t.throwsAsync(ask(shared.address, 'GET', '/version'), { code: 'ECONNRESET' });
  idle[0]!.write('GET /version HTTP/1.1\r\nhost: localhost\r\n\r\n');
  t.regex(String((await once(idle[0]!, 'data'))[0]), /^HTTP\/1\.1 200 /);
  for (const socket of idle) socket.destroy();
  const again = async () => (await ask(shared.address, 'GET', '/version').catch(() => undefined))?.status;
  for (const endMs = performance.now() + 20_000; (await again()) !== 200; ) t.true(performance.now() < endMs);
});

test.serial('web pages of other sites get nothing, and stop nothing', async (t) => {
  const rig = shared;
  const status = async (headers: Record<string, string>, method = 'GET', path = '/version') =>
    (await ask(rig.address, method, path, headers)).status;
  t.is(await status({ origin: 'https://evil.example' }), 403);
  t.is(await status({ origin: 'null' }, 'POST', '/drain'), 403);
  t.is(await status({ host: 'evil.example' }, 'POST', '/drain'), 403, 'a name that was made to point here');
  t.is(await status({ host: 'evil.example:7199' }), 403);
  t.is(await status({ 'sec-fetch-site': 'cross-site' }), 403);
  t.is(await status({ host: 'localhost:7199' }), 200);
  t.is(await status({ host: '[::1]:7199' }), 200);
  t.is((await rig.get<VersionAnswer>('/version')).state, 'serving');
});

test.serial('a quarantined request is listed with its kills, and served again once it is lifted', async (t) => {
  await using rig = await adminRig(`${yaml}quarantine: { kills: 2 }\n`, { restart: eager });
  const work = rig.client(Work);
  const kill = () => t.throwsAsync(work.doom({ how: 'exit', ms: 0, id: 7 }), { instanceOf: HeddleError });
  await kill();
  await kill();
  await eventually('it is refused', () => rig.server.guards.quarantine.refused.length === 1);
  const [listed] = rig.server.guards.quarantine.refused;
  const { refused } = await eventuallyAnswers(
    rig.get<QuarantineAnswer>,
    '/quarantine',
    ({ refused: rows }) => rows.length > 0,
  );
  t.like(refused, [{ method: 'faults.Work/doom', fingerprint: listed!.fingerprint, kills: 2 }]);
  t.true(Date.parse(refused[0]!.until) > Date.now());
  t.is((await kill())?.code, 'FAILED_PRECONDITION');
  const lift = await rig.post<LiftAnswer>('/quarantine/lift', { fingerprint: listed!.fingerprint });
  t.deepEqual(lift, { refused: [], lifted: refused }, 'what it was');
  t.deepEqual(await rig.get('/quarantine'), { refused: [] }, 'at once');
  t.is((await kill())?.code, 'UNAVAILABLE', 'it runs again, and ends its thread again');
  t.deepEqual(await rig.post('/quarantine/lift', { all: true }), { refused: [], lifted: [] });
});

test.serial('a level that is set takes effect on a CPU thread', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-admin-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'log');
  await using rig = await adminRig(`
log: { level: info, file: ${JSON.stringify(file)} }
io: { threads: 1 }
pools: { talk: { threads: 1 } }
services: { admin.Chatty: { module: ../../admin/services/chatty.ts, pool: talk, listen: ["heddle://127.0.0.1:0"] } }
`);
  const chatty = rig.client(Chatty);
  await chatty.say({ word: 'unheard' });
  const level = 'debug';
  t.deepEqual(await rig.post('/loglevel', { component: 'services', level }), {
    level: 'info',
    levels: { services: level },
  });
  // The level reaches the thread on a channel of its own.
  for (const endMs = performance.now() + 20_000; ; ) {
    await chatty.say({ word: 'heard' });
    const log = readFileSync(file, 'utf8');
    t.false(log.includes('unheard'));
    if (log.includes('"word":"heard"')) break;
    if (performance.now() > endMs) throw new Error(log);
  }
});

test.serial('levels are set for one component, or for all without one', async (t) => {
  const rig = shared;
  const changed = await rig.post<LogLevelAnswer>('/loglevel', { component: 'acceptor', level: 'debug' });
  t.deepEqual(changed, { level: 'silent', levels: { acceptor: 'debug' } });
  t.deepEqual(await rig.get('/loglevel'), changed);
  t.is((await rig.post<LogLevelAnswer>('/loglevel', { level: 'fatal' })).level, 'fatal');
  const back = await rig.post<LogLevelAnswer>('/loglevel', { component: 'acceptor', level: null });
  t.deepEqual(back, { level: 'fatal', levels: {} }, 'its own level is taken back');
  t.is((await ask(rig.address, 'POST', '/loglevel', {}, '{"level":null}')).status, 400);
});

test.serial('a profile of a thread names its hottest lines', async (t) => {
  const rig = shared;
  const work = rig.client(Work);
  // Of tests before this one nothing runs any more.
  await eventually('the threads are free', () => rig.server.stats().fibers === 0);
  const spinning = [1, 2, 3].map((id) => work.echo({ id, text: '', sleepMs: 0, spinMs: 1_500 }));
  await eventually('both threads spin', () => rig.server.stats().fibers === 2);
  const summary = await rig.get<{ thread: string; lines: { function: string; at: string; share: number }[] }>(
    '/profile?thread=work-1&ms=300&summary',
  );
  t.is(summary.lines[0]?.function, 'spin');
  t.regex(summary.lines[0]!.at, /handlers\.ts:\d+$/);
  const whole = await ask(rig.address, 'GET', '/profile?thread=work-2&ms=50');
  t.is(whole.headers['content-disposition'], 'attachment; filename="work-2.cpuprofile"');
  t.true(Array.isArray(JSON.parse(whole.text).nodes));
  t.is((await ask(rig.address, 'GET', '/profile?thread=admin&ms=20')).status, 200);
  t.is((await ask(rig.address, 'GET', '/profile?thread=main&ms=20')).status, 200);
  await Promise.all(spinning);
});

test.serial('a second profile of main or admin at the same time is too much, and refused with 429', async (t) => {
  const taking = ask(shared.address, 'GET', '/profile?thread=main&ms=1000');
  const second = await ask(shared.address, 'GET', '/profile?thread=admin&ms=1000');
  const statuses = [second.status, (await taking).status].sort();
  t.deepEqual(statuses, [200, 429]);
});

test.serial('POST /drain is answered at once, and stops the server as stop() does', async (t) => {
  await using rig = await adminRig(yaml);
  const work = rig.client(Work);
  const last = work.echo({ id: 1, text: 'the last', sleepMs: 500, spinMs: 0 });
  await eventually('it runs', () => rig.server.stats().fibers === 1);
  t.deepEqual(await rig.post('/drain'), { draining: true, timeoutMs: 10_000 });
  await rig.server.drainAsked;
  t.is((await rig.get<VersionAnswer>('/version')).state, 'draining');
  t.is((await last).text, 'the last');
  t.true(await rig.server.stop());
  await t.throwsAsync(ask(rig.address, 'GET', '/version'), { code: 'ECONNREFUSED' });
});

async function eventuallyAnswers<Answer>(
  get: (path: string) => Promise<Answer>,
  path: string,
  look: (answer: Answer) => boolean,
): Promise<Answer> {
  const endMs = performance.now() + 20_000;
  for (;;) {
    const answer = await get(path);
    if (look(answer)) return answer;
    if (performance.now() > endMs) throw new Error(`${path} stays ${JSON.stringify(answer)}`);
  }
}
