// Canaries: new code that fails or is slow is taken back by itself, code that is well goes on, and each call has its answer.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ReloadReport } from '../../../../net/server/reload-report.ts';
import { HeddleError } from '../../../../runtime/errors.ts';
import { eventually } from '../../../faults/rig.ts';
import { Work } from './contracts.ts';
import { RollRig, yaml } from './rig.ts';

const url = (path: string): string => JSON.stringify(new URL(`../../../../${path}`, import.meta.url).href);
const rules = 'canary: 40%, window: 400ms, warmUp: 100ms, minRequests: 60, windowMax: 30s';
const configOf = (more = '') => yaml({ threads: 1, more: `roll: { ${rules}${more} }` });

function write(rig: RollRig, version: number, body: string): void {
  writeFileSync(
    join(rig.folder, 'work.mjs'),
    `import { implement } from ${url('net/service/implement.ts')};
import { Work } from ${url('test/net/server/roll/contracts.ts')};
export default implement(Work, { async answer({ id }, fiber) { ${body}; return { id, version: ${version}, part: 0, inner: 0 }; } });
`,
  );
}

/** Calls one after another, on so many loops; each answer belongs to its call. */
class Load implements AsyncDisposable {
  readonly versions = new Map<number, number>();
  readonly failures = new Map<string, number>();
  calls = 0;
  answers = 0;
  mixed = 0;
  #since = 0;
  readonly #loops: Promise<void>[];
  #stopped = false;

  constructor(rig: RollRig, loops: number) {
    const client = rig.client(Work);
    this.#loops = Array.from({ length: loops }, async () => {
      while (!this.#stopped) {
        const id = ++this.calls;
        try {
          const answer = await client.answer({ id });
          if (answer.id !== id) this.mixed++;
          if (id > this.#since) this.versions.set(answer.version, (this.versions.get(answer.version) ?? 0) + 1);
        } catch (reason) {
          const { message } = HeddleError.from(reason);
          if (id > this.#since) this.failures.set(message, (this.failures.get(message) ?? 0) + 1);
        }
        this.answers++;
      }
    });
  }

  /** Only calls that are made from now on count. */
  forget(): void {
    this.#since = this.calls;
    this.versions.clear();
    this.failures.clear();
  }

  /** When all calls have their answers. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }
}

test('a canary that is well goes on; one that fails, or is slower, is taken back by itself; each call is answered', async (t) => {
  const rig = new RollRig(t, configOf());
  await using _ = rig;
  write(rig, 1, 'await fiber.sleep(10)');
  await rig.server.start();
  await using load = new Load(rig, 16);
  // Noise makes no good code 20 times slower.
  const reload = (more = ''): Promise<ReloadReport> => rig.server.reload(rig.settings(configOf(more)));
  t.deepEqual((await reload()).rolled, [], 'without other code there is nothing to roll');

  write(rig, 2, 'await fiber.sleep(10)');
  const good = await reload(', maxSlowdown: 20');
  t.true(good.canary!.goOn, good.canary!.why);
  t.deepEqual(
    good.rolled.map(({ pool, generation, files }) => [pool, generation, files]),
    [['work', 2, ['work.mjs']]],
  );
  t.deepEqual([...load.failures], []);
  load.forget();
  await eventually('calls of the new code', () => (load.versions.get(2) ?? 0) > 50);
  t.deepEqual([...load.versions.keys()], [2]);

  write(rig, 3, `await fiber.sleep(10); if (Math.random() < 0.2) throw new Error('broken in version 3')`);
  const failing = await reload(', maxSlowdown: 20');
  t.false(failing.canary!.goOn, failing.canary!.why);
  t.regex(failing.canary!.why, /% of \d+ calls fail with the new code, 0 % of \d+ calls with the old/);
  t.deepEqual([failing.rolled, failing.changed], [[], []]);
  t.deepEqual([...load.failures.keys()], ['fiber roll.Work/answer failed; the cause is in the server log']);
  load.forget();
  await eventually('calls of the old code', () => (load.versions.get(2) ?? 0) > 50);
  t.deepEqual([[...load.versions.keys()], [...load.failures]], [[2], []]);

  // So long that a busy machine makes no old code as slow.
  write(rig, 4, 'await fiber.sleep(400)');
  const slow = await reload();
  t.false(slow.canary!.goOn, slow.canary!.why);
  t.regex(slow.canary!.why, /the median is [\d.]+ ms with the new code, [\d.]+ ms with the old/);
  const [row] = slow.canary!.methods;
  t.is(row!.method, 'roll.Work/answer');
  t.true(row!.new.p50Ms! > row!.old.p50Ms!);
  t.true(row!.new.runP50Ms! > row!.old.runP50Ms!, 'both sides tell how long they run');
  load.forget();
  await eventually('calls of the old code', () => (load.versions.get(2) ?? 0) > 50);
  t.deepEqual([[...load.versions.keys()], [...load.failures], load.mixed], [[2], [], 0]);
  await load[Symbol.asyncDispose]();
  t.is(load.answers, load.calls);
  await eventually('only one generation', () => rig.pool.generations.length === 1);
});

test('a stop does not wait for a canary, and whoever waits for its verdict is told', async (t) => {
  const rig = new RollRig(t, configOf().replace('minRequests: 60', 'minRequests: 1000000'));
  await using _ = rig;
  write(rig, 1, '');
  await rig.server.start();
  const work = rig.client(Work);
  write(rig, 2, '');
  const judged = t.throwsAsync(rig.server.reload(rig.server.settingsInForce), { code: 'CANCELLED' });
  while ((await work.answer({ id: 1 })).version !== 2);
  await eventually('the canary stands', () => {
    const state = rig.server.reloads.state(undefined);
    return state.state === 'running' && state.canary?.percent === 40;
  });
  t.true(await rig.server.stop());
  await judged;
});
