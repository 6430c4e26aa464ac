import test from 'ava';
import type { SimFailure } from '../../../testing/sim/failure.ts';
import type { SourceEdit } from '../../../testing/sim/modules.ts';
import { runSeed } from '../../../testing/sim/process/run-seed.ts';

test('the process keeps its laws, whatever dies, stands still or is rolled', async (t) => {
  const sums = { deaths: 0, stops: 0, answered: 0 };
  for (let seed = 1; seed <= 12; seed++) {
    const { deaths, stops, answered } = await runSeed(seed);
    sums.deaths += deaths;
    sums.stops += stops;
    sums.answered += answered;
  }
  t.true(sums.deaths >= 3 && sums.stops >= 200 && sums.answered >= 100, JSON.stringify(sums));
});

test('the same seed is the same run, bit for bit', async (t) => {
  const first = await runSeed(2);
  const again = await runSeed(2, { traceLines: 0 });
  t.is(again.traceHash, first.traceHash);
  t.is(again.operations, first.operations);
  t.not((await runSeed(3)).traceHash, first.traceHash);
});

test('a scenario can be made smaller', async (t) => {
  const { requests, deaths } = await runSeed(2, {
    scenario: { requests: 1, clients: 0, faults: [], stopAtMs: undefined },
  });
  t.true(requests >= 1 && requests < 20);
  t.is(deaths, 0);
});

const finds = async (t: import('ava').ExecutionContext, law: string, edit: SourceEdit) => {
  for (let seed = 1; seed <= 60; seed++) {
    try {
      await runSeed(seed, { edits: [edit], traceLines: 20 });
    } catch (error) {
      const failure = error as SimFailure;
      t.is(failure.law, law, failure.stack ?? '');
      t.true(failure.trace.length > 1);
      return;
    }
  }
  t.fail(`not found in 60 seeds`);
};

test('finds a finalizer that is skipped', (t) =>
  finds(t, 'finalizers', {
    file: 'runtime/fiber/finalizers.ts',
    find: '        this.#await(result);',
    replace: '        this.#stack.pop();\n        this.#await(result);',
  }));

test('finds a permit that is returned twice', (t) =>
  finds(t, 'permits balance', {
    file: 'runtime/shared/asker.ts',
    find: '    const taker = this.#close(id);',
    replace:
      '    const { column } = this.#routes[id]; if (column > 0) this.#inflight.change(this.#me, column, -1);\n    const taker = this.#close(id);',
  }));

test('finds a settlement before the death', (t) =>
  finds(t, 'no settlement before the death', {
    file: 'scheduler/thread-generation.ts',
    find: '    this.#options.supervisor.condemn(number);',
    replace: '    this.#options.supervisor.condemn(number);\n    void this.#options.supervisor.died(number);',
  }));
