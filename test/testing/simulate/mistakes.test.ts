// Mistakes of a test that uses heddle/testing: each is told by a sentence, and breaks neither the run nor the tests behind it.

import test from 'ava';
import { backend, everySeed, type SimulateOptions, simulate } from '../../../testing.ts';
import { Users, Work } from './fixtures/contract.ts';

const config = new URL('./fixtures/heddle.yaml', import.meta.url);
const usersNamed = (name: string) => backend(Users, { get: () => ({ name }) });
const users = usersNamed('ada');
const start = (options: object = {}) => simulate({ config, backends: [users], ...options } as SimulateOptions);

test('options that are wrong are told, and nothing runs', async (t) => {
  const wrong: [object, RegExp][] = [
    [{ sed: 9 }, /no option sed \(did you mean 'seed'\?\)/],
    [{ seed: 1.5 }, /seed is 1\.5; give a whole number from 0 to 4294967295/],
    [{ seed: Number.NaN }, /seed is NaN/],
    [{ seed: 2 ** 32 }, /seed is 4294967296/],
    [{ faults: 'chaos' }, /faults is "chaos"; give none or random/],
    [{ faults: 'randon' }, /did you mean 'random'/],
    [{ backends: [users, users] }, /two backends stand for demo\.Users/],
    [{ backends: [{ get: () => 1 }] }, /an entry of backends/],
    [{ overrides: 'pools.work.threads=1' }, /overrides is "pools/],
    [{ config: undefined }, /needs config/],
    [{ answerWithinMs: Number.NaN }, /answerWithinMs is NaN/],
    [{ stopWithinMs: Number.POSITIVE_INFINITY }, /stopWithinMs is Infinity/],
    [{ stepsMax: 0 }, /stepsMax is 0/],
    [{ cores: '2' }, /cores is "2"/],
    [{ stuckAfterMs: 5 }, /stuckAfterMs is 5; give real ms, a whole number from 100/],
    [{ onLine: true }, /onLine is true; give a function/],
  ];
  for (const [options, message] of wrong) await t.throwsAsync(start(options), { code: 'INVALID_ARGUMENT', message });
});

test.serial('everySeed runs at least one seed, or says why it does not', async (t) => {
  let ran = 0;
  const run = (options: object, body: unknown = () => void ran++) =>
    everySeed({ config, backends: [users], ...options } as SimulateOptions, body as () => void);
  const refused = (message: RegExp) => ({ code: 'INVALID_ARGUMENT', message });
  await t.throwsAsync(run({ seeds: 0 }), refused(/seeds is 0; give a whole number from 1/));
  await t.throwsAsync(run({ seeds: Number.NaN }), refused(/seeds is NaN/));
  await t.throwsAsync(run({ firstSeed: 2 ** 32 - 1, seeds: 2 }), refused(/the last seed is 4294967296/));
  await t.throwsAsync(run({ seed: 3 }), refused(/did you mean 'seeds'/));
  await t.throwsAsync(run({ seeds: 1 }, null), refused(/the test of one seed, is null/));
  for (const [name, value] of Object.entries({ HEDDLE_SEEDS: '0', HEDDLE_SEED: '1.5' })) {
    process.env[name] = value;
    try {
      await t.throwsAsync(run({ seeds: 1 }), refused(new RegExp(`${name} of the environment is ${value}`)));
    } finally {
      delete process.env[name];
    }
  }
  t.is(ran, 0);
  await run({ seeds: 2 });
  t.is(ran, 2);
});

test('times that are no numbers are refused, and time goes on', async (t) => {
  await using sim = await start({ faults: 'none' });
  const nothing = undefined as unknown as number;
  const refused = { code: 'INVALID_ARGUMENT', message: /give ms, a number from 0/ };
  await t.throwsAsync(sim.advance(nothing), refused);
  await t.throwsAsync(sim.advance(-5), refused);
  await t.throwsAsync(
    sim.until(() => true, { withinMs: Number.NaN }),
    refused,
  );
  t.throws(() => sim.stall('work-1', nothing), refused);
  t.throws(() => sim.backend(Users).slow(nothing), refused);
  await sim.advance(10);
});

test('a mistake of the test is answered where it is made, and the run goes on', async (t) => {
  await using without = await simulate({
    config: new URL('../../../examples/flatbuffers/heddle.yaml', import.meta.url),
  });
  await t.throwsAsync(without.setLevel('demo.page', 1), { code: 'FAILED_PRECONDITION', message: /has no strategies/ });
  await without.advance(1);
  await using sim = await start();
  const work = sim.client(Work);
  await t.throwsAsync(sim.setLevel('demo.page', Number.NaN), { code: 'INVALID_ARGUMENT' });
  const thrown = new Error('of the condition');
  const failing = sim.until(() => {
    throw thrown;
  });
  t.is(await t.throwsAsync(failing), thrown);
  await t.throwsAsync(sim.until((async () => false) as unknown as () => boolean), { message: /is a promise/ });
  t.throws(() => sim.backend(Users).fail('NOPE' as 'UNKNOWN'), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(sim.client(Work, { timeoutMs: -1 }).nameOf({ id: '1' }), { message: /timeoutMs/ });
  t.deepEqual(await work.nameOf({ id: '1' }), { name: 'ada' });
});

test('after a body that fails nothing of its run goes on', async (t) => {
  let lines = 0;
  const onLine = () => void lines++;
  await t.throwsAsync(
    everySeed({ seeds: 1, config, backends: [users], onLine }, async (sim) => {
      void sim.client(Work).neverStop({});
      await sim.advance(20);
      throw new Error('the body fails');
    }),
    { message: /the body fails/ },
  );
  const before = lines;
  await using other = await start();
  await other.advance(100);
  t.is(lines, before);
});

test('deaths are made good as in production: five in ten seconds at once, the sixth after one', async (t) => {
  await using sim = await start();
  const killed = async (): Promise<number> => {
    sim.kill('work-1');
    const atMs = sim.nowMs;
    await sim.until(() => sim.threads.includes('work-1'));
    return sim.nowMs - atMs;
  };
  for (let death = 1; death <= 5; death++) t.true((await killed()) < 500);
  t.true((await killed()) >= 1_000);
});

test('what a plugin begins at its top level goes on on simulated threads alone', async (t) => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const sim = await start({ overrides: ['plugins=["./ticking.ts"]'] });
  await sim.close();
  t.true(timers() <= before);
});

test('runs whose answers are other ones are other runs', async (t) => {
  const hashOf = async (name: string) => {
    await using sim = await start({ backends: [usersNamed(name)] });
    await sim.client(Work).nameOf({ id: '1' });
    return sim.traceHash;
  };
  t.is(await hashOf('ada'), await hashOf('ada'));
  t.not(await hashOf('ada'), await hashOf('eve'));
});

test('the fiber that hangs is named, and not the one that waits for it', async (t) => {
  const sim = await start();
  await t.throwsAsync(sim.client(Work).leaveChild({}, { timeoutMs: 100 }), { code: 'DEADLINE_EXCEEDED' });
  await t.throwsAsync(sim.close(), { message: /fiber demo\.Work\/leaveChild > stubborn on work-\d was asked to stop/ });
});
