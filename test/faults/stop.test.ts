// The end of a process: what was accepted is answered, what comes too late is told so, and it ends in time.

import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { connect as connectSocket } from 'node:net';
import test from 'ava';
import { connect } from '../../net/client/connect.ts';
import { Server } from '../../net/server/server.ts';
import { seededRandom } from '../../runtime/clock.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { startChild } from './child.ts';
import { allPools, eager, eventually, goingThreads, openFiles, settingsOf, startRig } from './rig.ts';
import { Work } from './services/contracts.ts';
import { runsOf, shareRuns } from './services/runs.ts';

const services = `
io: { threads: 2 }
pools: { work: { threads: 2 } }
stop: { timeout: 5s }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"] }
`;

const seed = Number(process.env.HEDDLE_SEED ?? Date.now() % 1_000_000);

interface HttpAnswer {
  status: number;
  close: boolean;
  id: number;
}

/** One POST, on a connection of its own unless an agent keeps some alive. */
function post(port: number, body: object, agent: Agent | false = false): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        port,
        host: '127.0.0.1',
        method: 'POST',
        path: '/faults.Work/echo',
        agent,
        headers: { 'content-type': 'application/json', connection: 'keep-alive' },
      },
      (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => {
          const close = response.headers.connection === 'close';
          resolve({ status: response.statusCode!, close, id: JSON.parse(text).id });
        });
      },
    );
    request.on('error', reject);
    request.end(JSON.stringify(body));
  });
}

test.serial('a stop answers everything in flight on both protocols, refuses the new, and leaves nothing', async (t) => {
  const random = seededRandom(seed);
  t.log(`HEDDLE_SEED=${seed}`);
  const filesBefore = openFiles();
  shareRuns();
  await using rig = await startRig(services);
  const { server } = rig;
  const clients = Array.from({ length: 4 }, () => rig.client(Work));
  const sleepMs = () => 200 + Math.floor(random() * 400);
  await Promise.all(clients.map((client) => client.echo({ id: 1000, text: 'warm' })));
  const calls = Array.from({ length: 60 }, (_, id) => clients[id % 4]!.echo({ id, text: '', sleepMs: sleepMs() }));
  const posts = Array.from({ length: 40 }, (_, at) =>
    post(rig.port('http'), { id: 60 + at, text: '', sleepMs: sleepMs() }),
  );
  await eventually('all 100 run', () => Array.from({ length: 100 }, (_, id) => runsOf(id).began).every(Boolean));
  t.true(server.stats().fibers > 0);
  const stopped = server.stop();
  const late = connectSocket(rig.port('http'), '127.0.0.1');
  t.is(await once(late, 'connect').catch((error) => error.code), 'ECONNREFUSED');
  t.deepEqual(
    (await Promise.all(calls)).map(({ id }) => id),
    calls.map((_, id) => id),
  );
  const answers = await Promise.all(posts);
  t.deepEqual(
    answers.map(({ status, id }) => ({ status, id })),
    posts.map((_, at) => ({ status: 200, id: 60 + at })),
  );
  t.true(
    answers.some(({ close }) => close),
    'the last answer of a connection says so',
  );
  t.true(await stopped);
  t.deepEqual(
    allPools(server).flatMap((pool) => [...pool.threads]),
    [],
  );
  await Promise.all(clients.map((client) => client.close()));
  await eventually('no file more', () => openFiles() <= filesBefore).catch(() => {});
  t.true(openFiles() <= filesBefore, `${openFiles()} files, ${filesBefore} before`);
});

test.serial('calls that go on through a stop each get one outcome, and none ran unanswered', async (t) => {
  shareRuns();
  await using rig = await startRig(services);
  const { server } = rig;
  const clients = Array.from({ length: 4 }, () =>
    rig.client(Work, { reconnectGraceMs: 0, backoffMaxMs: 50, maxAttempts: 1 }),
  );
  await Promise.all(clients.map((client) => client.mirror({ id: 0, text: 'warm' })));
  const outcomes: { id: number; error?: HeddleError }[] = [];
  let over = false;
  let nextId = 1;
  async function caller(client: (typeof clients)[number], sleeps: boolean): Promise<void> {
    while (!over) {
      const id = nextId++;
      try {
        const reply = sleeps
          ? await client.echo({ id, text: '', sleepMs: 1 })
          : await client.mirror({ id, text: `${id}` });
        t.is(reply.id, id);
        outcomes.push({ id });
      } catch (error) {
        outcomes.push({ id, error: HeddleError.from(error) });
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
  }
  const callers = clients.flatMap((client) => [
    ...Array.from({ length: 8 }, () => caller(client, true)),
    ...Array.from({ length: 8 }, () => caller(client, false)),
  ]);
  const agent = new Agent({ keepAlive: true });
  async function httpCaller(): Promise<void> {
    while (!over) {
      const id = nextId++;
      try {
        const answer = await post(rig.port('http'), { id, text: '', sleepMs: id % 3 }, agent);
        if (answer.status !== 200) throw new HeddleError('UNAVAILABLE', `status ${answer.status}`);
        t.is(answer.id, id);
        outcomes.push({ id });
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        outcomes.push({ id, error: new HeddleError('UNAVAILABLE', `http: ${message}`) });
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
  }
  callers.push(...Array.from({ length: 8 }, httpCaller));
  await eventually('load', () => outcomes.length > 2_000);
  t.true(await server.stop());
  over = true;
  await Promise.all(callers);
  agent.destroy();
  await Promise.all(clients.map((client) => client.close()));
  t.is(outcomes.length, nextId - 1, 'each call has one outcome');
  t.is(new Set(outcomes.map(({ id }) => id)).size, outcomes.length);
  const failed = outcomes.filter(({ error }) => error !== undefined);
  t.true(failed.length > 0);
  t.deepEqual([...new Set(failed.map(({ error }) => error!.code))], ['UNAVAILABLE']);
  const lying = failed.filter(({ id, error }) => error!.retry === 'yes' && runsOf(id).began > 0);
  t.deepEqual(lying, [], 'what is said not to have run has not run');
  const lost = failed.filter(({ id }) => runsOf(id).began > 0);
  t.deepEqual(
    lost.map(({ id, error }) => `${id} ${error!.message}`),
    [],
    'nothing ran unanswered',
  );
  t.is(outcomes.filter(({ id, error }) => error === undefined && runsOf(id).ended !== 1).length, 0);
  t.log(`${outcomes.length} calls, ${failed.length} refused`);
});

test.serial('a request that never ends is cut off at stop.timeout, and the stop says so', async (t) => {
  await using rig = await startRig(services.replace('timeout: 5s', 'timeout: 300ms'));
  const work = rig.client(Work, { maxAttempts: 1 });
  const endless = [work.echo({ id: 1, text: '', sleepMs: 60_000 }), work.echo({ id: 2, text: '', spinMs: 60_000 })];
  const outcomes = Promise.allSettled(endless);
  await eventually('2 fibers', () => rig.server.stats().fibers === 2);
  const startMs = performance.now();
  const [first, second] = await Promise.all([rig.server.stop(), rig.server.stop()]);
  t.false(first);
  t.false(second, 'a second stop is the first one');
  t.true(performance.now() - startMs >= 295);
  for (const outcome of await outcomes) {
    t.like(outcome, { status: 'rejected', reason: { code: 'UNAVAILABLE', retry: 'if-idempotent' } });
  }
  t.false(await rig.server.stop(), 'also when it is over');
  await work.close();
});

test.serial('a stop during the start ends what had started, at whatever moment it comes', async (t) => {
  t.log(`HEDDLE_SEED=${seed}`);
  const random = seededRandom(seed);
  const filesBefore = openFiles();
  for (let round = 0; round < 6; round++) {
    const server = new Server(settingsOf(services));
    const started = server.start().then(
      () => 'started',
      (error) => error.code,
    );
    await new Promise((resolve) => setTimeout(resolve, random() * 500));
    await server.stop();
    t.true(['started', 'CANCELLED'].includes(await started), await started);
    t.is(allPools(server).flatMap((pool) => [...pool.threads]).length, 0);
  }
  await eventually('no file more', () => openFiles() <= filesBefore).catch(() => {});
  t.true(openFiles() <= filesBefore, `${openFiles()} files, ${filesBefore} before`);
});

test.serial('a stop while threads die still ends, within stop.timeout', async (t) => {
  t.log(`HEDDLE_SEED=${seed}`);
  const random = seededRandom(seed);
  await using rig = await startRig(services, { restart: eager });
  const { server } = rig;
  const clients = Array.from({ length: 4 }, () => rig.client(Work));
  await Promise.all(clients.map((client) => client.echo({ id: 0, text: 'warm' })));
  const outcomes = Promise.allSettled(
    Array.from({ length: 100 }, (_, id) => clients[id % 4]!.echo({ id, text: '', sleepMs: 300 + random() * 400 })),
  );
  await eventually('load', () => server.stats().fibers > 20);
  const stopped = server.stop();
  for (let kills = 0; kills < 6; kills++) {
    const pools = allPools(server);
    const living = goingThreads(pools[Math.floor(random() * pools.length)]!);
    void living[Math.floor(random() * living.length)]?.worker?.terminate();
    await new Promise((resolve) => setTimeout(resolve, random() * 80));
  }
  t.true(await stopped);
  for (const outcome of await outcomes) {
    if (outcome.status === 'rejected') t.is(outcome.reason.code, 'UNAVAILABLE');
  }
  await Promise.all(clients.map((client) => client.close()));
});

test.serial('SIGTERM under load ends the process with 0 when the last answer is out', async (t) => {
  await using child = await startChild(services);
  const client = connect(Work, { target: `heddle://127.0.0.1:${child.port('heddle')}`, reconnectGraceMs: 0 });
  await client.echo({ id: 0, text: 'warm' });
  const calls = Array.from({ length: 100 }, (_, id) => client.echo({ id, text: '', sleepMs: 100 + (id % 10) * 10 }));
  await client.echo({ id: 0, text: 'they are all under way' });
  child.process.kill('SIGTERM');
  t.is((await Promise.all(calls)).length, 100);
  t.is(await child.ended, 0, child.lines.join('\n'));
  await client.close();
});

test.serial('a second signal ends the process at once', async (t) => {
  await using child = await startChild(services);
  const client = connect(Work, { target: `heddle://127.0.0.1:${child.port('heddle')}`, reconnectGraceMs: 0 });
  await client.echo({ id: 0, text: 'warm' });
  const call = client.echo({ id: 1, text: '', sleepMs: 60_000 });
  await client.echo({ id: 2, text: 'it runs' });
  child.process.kill('SIGINT');
  await eventually('the stop has begun', () => child.lines.includes('stopping'));
  child.process.kill('SIGINT');
  t.is(await child.ended, 130, child.lines.join('\n'));
  await t.throwsAsync(call, { code: 'UNAVAILABLE' });
  await client.close();
});
