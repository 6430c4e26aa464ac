// heddle/testing as its users have it: a process of its own config, with mistakes that a simulation has to find.

import test, { type ExecutionContext } from 'ava';
import { backend, everySeed, SeedFailure, SimFailure, type SimulateOptions, simulate } from '../../../testing.ts';
import { Users, Work } from './fixtures/contract.ts';

const config = new URL('./fixtures/heddle.yaml', import.meta.url);
const users = backend(Users, {
  get: async ({ id }, call) => {
    await call.sleep(1 + 4 * call.random());
    return { name: `user ${id}` };
  },
});
const start = (options: Partial<SimulateOptions> = {}) => simulate({ config, backends: [users], ...options });

// Alone: runs wait for each other, in real time.
test.serial('ten seconds of a handler take no time, and Date, timers and chance follow the seed', async (t) => {
  const look = async (seed: number) => {
    await using sim = await start({ seed });
    return sim.client(Work).look({});
  };
  const beganMs = performance.now();
  const first = await look(1);
  t.true(performance.now() - beganMs < 9_000);
  t.is(first.waitedMs, 10_000);
  t.is(first.year, 2030);
  t.is(new Set(first.drawn).size, 3);
  t.deepEqual(await look(1), first);
  t.notDeepEqual((await look(2)).drawn, first.drawn);
});

test('the same seed is the same run, bit for bit, whatever goes wrong', async (t) => {
  const hashOf = async (seed: number) => {
    const sim = await start({ seed, faults: 'random' });
    const work = sim.client(Work);
    const calls = Array.from({ length: 20 }, async (_, at) => {
      await sim.advance(at * 30);
      return work.nameOf({ id: String(at) }, { timeoutMs: 200 });
    });
    await Promise.allSettled(calls);
    await sim.close();
    return sim.traceHash;
  };
  const first = await hashOf(5);
  t.is(await hashOf(5), first);
  t.not(await hashOf(6), first);
});

test('a backend answers, is slow, fails, hangs and is well again', async (t) => {
  await using sim = await start();
  const work = sim.client(Work, { maxAttempts: 1 });
  const elsewhere = sim.backend(Users);
  t.deepEqual(await work.nameOf({ id: 'ada' }), { name: 'user ada' });
  elsewhere.slow(80);
  await t.throwsAsync(work.nameOf({ id: 'ada' }, { timeoutMs: 50 }), { code: 'DEADLINE_EXCEEDED' });
  elsewhere.fail('PERMISSION_DENIED', 'not you');
  await t.throwsAsync(work.nameOf({ id: 'ada' }), { code: 'PERMISSION_DENIED', message: /not you/ });
  elsewhere.hang();
  const { calls } = elsewhere;
  const waiting = work.nameOf({ id: 'ada' });
  await sim.until(() => elsewhere.calls > calls);
  await sim.advance(500);
  elsewhere.recover();
  t.deepEqual(await waiting, { name: 'user ada' });
  sim.disconnect();
  // Until both ends have heard of it: a call on its way over a cut connection is lost.
  await sim.advance(100);
  t.deepEqual(await work.nameOf({ id: 'ada' }), { name: 'user ada' });
});

test('a call that its caller aborts is cancelled down to the backend', async (t) => {
  let isAborted = false;
  const get = async (_request: unknown, call: { signal: AbortSignal; sleep(ms: number): Promise<void> }) => {
    call.signal.addEventListener('abort', () => {
      isAborted = true;
    });
    await call.sleep(60_000);
    return { name: 'late' };
  };
  await using sim = await start({ backends: [backend(Users, { get })] });
  const abort = new AbortController();
  const call = sim.client(Work).nameOf({ id: 'ada' }, { signal: abort.signal });
  await sim.until(() => sim.backend(Users).calls === 1);
  abort.abort();
  await t.throwsAsync(call, { code: 'CANCELLED' });
  await sim.until(() => isAborted, { withinMs: 50 });
  t.pass();
});

test('what is not there is UNAVAILABLE, and what can not be there is refused', async (t) => {
  await using sim = await start({ backends: [] });
  await t.throwsAsync(sim.client(Work).nameOf({ id: 'ada' }, { timeoutMs: 5_000 }), { code: 'UNAVAILABLE' });
  t.throws(() => sim.backend(Users), { code: 'NOT_FOUND', message: /given no backend of demo\.Users/ });
  t.throws(() => sim.kill('work-9'), { code: 'NOT_FOUND', message: /io-1.*work-1/ });
  await t.throwsAsync(start({ backends: [backend(Work, {})] }), { message: /nobody calls a backend of demo\.Work/ });
  await t.throwsAsync(start({ overrides: ['pools.work.threads=0'] }), {
    code: 'FAILED_PRECONDITION',
    message: /threads/,
  });
  await t.throwsAsync(start({ overrides: ['services["demo.Work"].module=./none.ts'] }), { message: /none\.ts/ });
});

test('sockets, files read meanwhile and fetch are refused by a sentence', async (t) => {
  await using sim = await start();
  const work = sim.client(Work);
  for (const by of ['fetch', 'connect', 'readFile']) {
    t.regex((await work.leave({ by })).refusal, new RegExp(`^${by}.* can't be simulated: `));
  }
});

test('plugins run around requests', async (t) => {
  await using sim = await start({ overrides: ['plugins=["./shout.ts"]', 'filters=["shout"]'] });
  t.deepEqual(await sim.client(Work).nameOf({ id: 'ada' }), { name: 'USER ADA' });
});

test('a thread that dies is replaced, and calls that only read hold', async (t) => {
  await using sim = await start();
  const work = sim.client(Work);
  const calls = Promise.all(Array.from({ length: 8 }, (_, at) => work.nameOf({ id: String(at) })));
  await sim.until(() => sim.backend(Users).calls >= 4);
  sim.kill('work-1');
  sim.stall('io-1', 30);
  t.is((await calls).length, 8);
  await sim.until(() => sim.threads.includes('work-1'));
  t.true(sim.trace.some((line) => /work-1 +DIES: the test kills it/.test(line)));
});

test('strategies run, with their fallbacks and the levels that are set', async (t) => {
  await using sim = await start();
  const work = sim.client(Work);
  t.deepEqual(await work.page({ id: 'ada' }), { title: 'of user ada' });
  sim.backend(Users).hang();
  t.deepEqual(await work.page({ id: 'ada' }), { title: 'of somebody' });
  await sim.setLevel('demo.page', 1);
  t.deepEqual(await work.page({ id: 'ada' }), { title: 'of nobody' });
  await t.throwsAsync(sim.setLevel('demo.pag', 1), { code: 'NOT_FOUND' });
});

test('enums as compilers write them are loaded', async (t) => {
  const metric = new URL('../../../examples/flatbuffers/heddle.yaml', import.meta.url);
  await using sim = await simulate({ config: metric });
  t.true(sim.threads.length > 1);
});

test('degraders count as in the whole process', async (t) => {
  await using sim = await start();
  const work = sim.client(Work);
  const taken = await Promise.all(Array.from({ length: 6 }, () => work.degraded({})));
  t.is(taken.filter(({ degraded }) => !degraded).length, 2);
});

test('finds the update that two fibers lose, and names the seed', async (t) => {
  const total = async (method: 'addCarelessly' | 'addCarefully') =>
    everySeed({ seeds: 5, config, backends: [users], overrides: ['pools.work.threads=1'] }, async (sim) => {
      const work = sim.client(Work);
      const sums = await Promise.all([work[method]({}), work[method]({}), work[method]({})]);
      const most = Math.max(...sums.map(({ sum }) => sum));
      if (most !== 3) throw new Error(`the sum is ${most}, not 3`);
    });
  await t.notThrowsAsync(total('addCarefully'));
  const failure = await t.throwsAsync(total('addCarelessly'), { instanceOf: SeedFailure });
  t.regex(
    failure?.message ?? '',
    /^seed 1 fails: the sum is 1, not 3\nalone: HEDDLE_SEED=1\n[\s\S]*runs demo\.Work\/addCarelessly/,
  );
});

const broken = async (t: ExecutionContext, law: string, sentence: RegExp, run: () => Promise<unknown>) => {
  const failure = await t.throwsAsync(run(), { instanceOf: SimFailure });
  t.is(failure?.law, law);
  t.regex(failure?.message ?? '', sentence);
  t.true((failure?.trace.length ?? 0) > 10);
};

test('finds a fiber that does not stop when it is asked to', (t) =>
  broken(t, 'cancellation reaches everyone', /demo\.Work\/neverStop on work-\d was asked to stop \(/, async () => {
    const sim = await start();
    await t.throwsAsync(sim.client(Work).neverStop({}, { timeoutMs: 100 }), { code: 'DEADLINE_EXCEEDED' });
    await sim.close();
  }));

test('finds a finalizer that never ends', (t) =>
  broken(t, 'fibers end', /demo\.Work\/neverFinalize on work-\d never ends/, async () => {
    const sim = await start();
    await sim
      .client(Work)
      .neverFinalize({}, { timeoutMs: 100 })
      .catch(() => {});
    await sim.close();
  }));

test('finds an error that nobody catches', (t) =>
  broken(t, 'no crash', /work-\d threw Error: nobody catches this/, async () => {
    const sim = await start();
    await sim.client(Work).crash({}, { timeoutMs: 100 });
    await sim.close();
  }));

test('finds a call that nothing ends', (t) =>
  broken(t, 'answered at all', /call 1 of demo\.Work\/nameOf has no answer after 20000 ms/, async () => {
    const sim = await start({ answerWithinMs: 20_000, overrides: ['clients.*.timeout=0'] });
    sim.backend(Users).hang();
    await sim.client(Work, { timeoutMs: 0 }).nameOf({ id: 'ada' });
  }));

test('faults of many seeds break no law of a process that has none of its own', async (t) => {
  let answered = 0;
  let asked = 0;
  await everySeed({ seeds: 12, config, backends: [users], faults: 'random' }, async (sim) => {
    const work = sim.client(Work);
    for (let at = 0; at < 15; at++) {
      await sim.advance(20);
      asked++;
      void work.page({ id: String(at) }, { timeoutMs: 300 }).then(
        () => answered++,
        () => {},
      );
    }
  });
  t.true(answered > asked / 2, `${answered} of ${asked}`);
});
