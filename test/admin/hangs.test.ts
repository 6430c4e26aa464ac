import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type {
  AdminErrorAnswer,
  ConnectionsAnswer,
  FibersAnswer,
  FiberThread,
  ThreadsAnswer,
  VersionAnswer,
} from '../../admin/shapes.ts';
import { connect } from '../../net/client/connect.ts';
import { Inline, Side, Work } from '../faults/services/contracts.ts';
import { parseMetrics, sum } from './exposition.ts';
import { adminRig, ask, fibersOf, services } from './rig.ts';

/** What the issue asks for, on an idle machine; the test runs beside others. */
const answerMs = 500;
const slackMs = 1_500;

/** Nobody ends what hangs here. */
const hanging = `
admin: { address: "http://127.0.0.1:0" }
io: { threads: 1, stallWarning: none, stallLimit: none }
pools:
  work: { threads: 1, stallWarning: none, stallLimit: none }
  side: { threads: 1, stallWarning: none, stallLimit: none }
stop: { timeout: 50ms }
${services}`;

test.serial('while main hangs all is answered but what needs main, and that answers with its profile', async (t) => {
  t.timeout(60_000);
  const child = fork(fileURLToPath(new URL('./hang-main.ts', import.meta.url)), [hanging], { execArgv: [] });
  t.teardown(() => child.kill('SIGKILL'));
  const [started] = (await once(child, 'message')) as [{ admin: string; addresses: { port: number }[] }];
  const { admin } = started;
  const target = `heddle://127.0.0.1:${started.addresses[0]!.port}`;
  await using work = connect(Work, { target });
  const sleeping = work.echo({ id: 1, text: 'sleeps', sleepMs: 60_000, spinMs: 0 });
  sleeping.catch(() => {});
  for (;;) {
    const { threads } = JSON.parse((await ask(admin, 'GET', '/threads')).text) as ThreadsAnswer;
    if (threads.some(({ fibers }) => fibers === 1)) break;
  }
  child.send(20_000);
  t.deepEqual(await once(child, 'message'), ['hangs', undefined]);

  const timed = async (path: string) => {
    const beganMs = performance.now();
    const { status, text } = await ask(admin, 'GET', path);
    t.is(status, 200, path);
    const tookMs = performance.now() - beganMs;
    t.true(tookMs < answerMs + slackMs, `${path} took ${tookMs} ms`);
    return text;
  };
  const { threads } = JSON.parse(await timed('/threads')) as ThreadsAnswer;
  t.deepEqual(threads.map(({ name }) => name).sort(), ['admin', 'io-1', 'main', 'side-1', 'work-1']);
  const fibers = await fibersOf(async () => JSON.parse(await timed('/fibers')) as FibersAnswer);
  t.true(
    fibers.threads.every(({ answered }) => answered),
    'the workers do not hang',
  );
  t.is(threadOf(fibers, 'work-1').fibers[0]?.name, 'faults.Work/echo');
  for (const path of ['/version', '/pools', '/services', '/connections', '/config', '/loglevel', '/quarantine'])
    await timed(path);
  const families = parseMetrics(await timed('/metrics'));
  t.is(sum(families, 'heddle_fibers', 'pool="work"'), 1);

  const refused = async (path: string, body = '') => {
    const { status, text } = await ask(admin, 'POST', path, {}, body);
    t.is(status, 503);
    const answer = JSON.parse(text) as AdminErrorAnswer;
    t.regex(answer.error, /^the main thread did not answer within 500 ms, and nothing was done; it is in /);
    t.true(Array.isArray((answer.main!.profile as { nodes: unknown[] }).nodes));
    t.regex(answer.main!.hottest!.at, /hang-main\.ts:\d+$/);
    return answer.main?.hottest?.function;
  };
  // V8 may take what it has inlined meanwhile for the caller's, so the name is asked for once.
  t.is(await refused('/drain'), 'mainHangsHere');
  await refused('/loglevel', '{"level":"debug"}');
  const own = JSON.parse(await timed('/profile?thread=main&ms=100&summary')) as { lines: { at: string }[] };
  t.regex(own.lines[0]!.at, /hang-main\.ts:\d+$/);
  const state = (JSON.parse(await timed('/threads')) as ThreadsAnswer).threads.find(({ name }) => name === 'main')!;
  t.true(['serving', 'silent'].includes(state.state));
  t.is((JSON.parse(await timed('/version')) as VersionAnswer).state, 'serving', 'the drain was not done');
});

test.serial('while every worker hangs, each is shown with what it runs and since when', async (t) => {
  t.timeout(60_000);
  await using rig = await adminRig(hanging);
  const stuck = { how: 'loop', ms: 0, id: 1 } as const;
  for (const hung of [rig.client(Work).doom(stuck), rig.client(Side).doom(stuck)]) hung.catch(() => {});
  const shown = async (thread: string, method: string): Promise<FiberThread> => {
    for (;;) {
      const one = threadOf(await rig.get<FibersAnswer>('/fibers'), thread);
      if (!one.answered && one.running?.method === method) return one;
    }
  };
  const first = await shown('work-1', 'faults.Work/doom');
  await shown('side-1', 'faults.Side/doom');
  // Within 100 ms, for which it may have to wait on a busy machine.
  while (!threadOf(await rig.get<FibersAnswer>('/fibers'), 'io-1').answered);
  rig
    .client(Inline)
    .doom(stuck)
    .catch(() => {});
  await shown('io-1', 'faults.Inline/doom');

  const later = await shown('work-1', 'faults.Work/doom');
  t.true(later.running!.forMs > first.running!.forMs);
  t.is(later.running!.fiber, first.running!.fiber);
  t.regex(later.running!.fingerprint, /^[0-9a-f]{8}$/);
  const { perThread } = await rig.get<ConnectionsAnswer>('/connections');
  t.like(perThread, [{ thread: 'io-1', silent: true, connections: 3 }]);
  const { threads } = await rig.get<ThreadsAnswer>('/threads');
  t.is(threads.find(({ name }) => name === 'io-1')?.running?.method, 'faults.Inline/doom');
  const families = parseMetrics((await ask(rig.address, 'GET', '/metrics')).text);
  t.true(sum(families, 'heddle_thread_running_seconds', 'thread="work-1"') > 0);
  t.is((await ask(rig.address, 'GET', '/profile?thread=work-1&ms=100&summary')).status, 200, 'main still answers');
});

function threadOf({ threads }: FibersAnswer, name: string): FiberThread {
  return threads.find(({ thread }) => thread === name)!;
}
