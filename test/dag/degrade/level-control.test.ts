import test from 'ava';
import fc from 'fast-check';
import type { DegradeDefinition, LimitDefinition, SignalDefinition } from '../../../dag/definition.ts';
import { LevelControl, type RunLimit } from '../../../dag/degrade/level-control.ts';
import { signalGapMaxMs } from '../../../dag/degrade/signal-state.ts';

function degrade(signals: Partial<SignalDefinition>[], limits: LimitDefinition[] = []): DegradeDefinition {
  const whole = { level: 1, signal: 'queueDelay', above: 50, below: 25, holdMs: 1000, coolDownMs: 10_000 } as const;
  return { levels: [], signals: signals.map((signal) => ({ ...whole, ...signal })), limits };
}

/** The level after each value of one signal, a second apart. */
function levels(control: LevelControl, values: readonly number[], fromMs = 0, stepMs = 1000): number[] {
  return values.map((value, at) => {
    control.observe('queueDelay', value, fromMs + at * stepMs);
    return control.standing;
  });
}

const same = (value: number, count: number) => Array.from({ length: count }, () => value);

test('a peak raises nothing, what stays above for the hold time does', (t) => {
  t.deepEqual(levels(new LevelControl(degrade([{}])), [60, 40, 60, 60, 60]), [0, 0, 0, 1, 1]);
  t.deepEqual(levels(new LevelControl(degrade([{ holdMs: 3000 }])), same(51, 5)), [0, 0, 0, 1, 1]);
  t.deepEqual(levels(new LevelControl(degrade([{}])), same(50, 5)), same(0, 5));
});

test('between the bounds nothing changes', (t) => {
  const control = new LevelControl(degrade([{}]));
  t.deepEqual(levels(control, same(40, 5)), same(0, 5));
  t.deepEqual(levels(control, [60, 60, ...same(40, 30)], 5000), [0, ...same(1, 31)]);
});

test('it falls when values stay at or below the lower bound for the cool-down', (t) => {
  const control = new LevelControl(degrade([{ coolDownMs: 3000 }]));
  t.deepEqual(levels(control, [60, 60, 25, 25, 26, 25, 25, 25, 25, 60, 60]), [0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1]);
});

test('a count that must be above 0 falls at 0', (t) => {
  const control = new LevelControl(degrade([{ above: 0, below: 0, coolDownMs: 2000 }]));
  t.deepEqual(levels(control, [1, 1, 0, 0, 0]), [0, 1, 1, 1, 0]);
});

test('a value that is not known changes nothing', (t) => {
  const control = new LevelControl(degrade([{ holdMs: 2000, coolDownMs: 2000 }]));
  const nan = Number.NaN;
  t.deepEqual(levels(control, [60, nan, 60, nan, 10, nan, 10]), [0, 0, 1, 1, 1, 1, 0]);
});

test('what happened in a gap is not known, so neither hold nor cool-down goes on over it', (t) => {
  const gapMs = signalGapMaxMs + 1;
  const control = new LevelControl(degrade([{}]));
  t.deepEqual(levels(control, [60, 60, 60], 0, gapMs), [0, 0, 0]);
  t.deepEqual(levels(control, [60], 2 * gapMs + 1000), [1]);
  t.deepEqual(levels(control, same(10, 5), 3 * gapMs, gapMs), same(1, 5));
  const inTime = new LevelControl(degrade([{}]));
  t.deepEqual(levels(inTime, [60, 60], 0, signalGapMaxMs), [0, 1]);
});

test('each signal has a state of its own, and the highest level counts', (t) => {
  const control = new LevelControl(
    degrade([{}, { level: 3, above: 100, below: 50 }, { level: 2, signal: 'errorRate', above: 0.1, below: 0.05 }]),
  );
  t.deepEqual(levels(control, [60, 60, 120, 120]), [0, 1, 1, 3]);
  for (const at of [4000, 5000]) control.observe('errorRate', 0.5, at);
  t.is(control.standing, 3);
  t.deepEqual(levels(control, same(40, 11), 5000).slice(-2), [3, 2]);
  t.deepEqual(levels(control, same(10, 11), 16_000).slice(-1), [2]);
});

test('what is set by hand wins upward only', (t) => {
  const control = new LevelControl(degrade([{ level: 2 }]));
  control.setManual(1, 0);
  t.is(control.standing, 1);
  levels(control, [60, 60]);
  t.is(control.standing, 2);
  control.setManual(3, 0);
  t.is(control.standing, 3);
  control.setManual(0, 0);
  t.is(control.standing, 2);
  control.setManual(undefined, 0);
  t.is(control.standing, 2);
});

test('a level is a whole number from 0', (t) => {
  const control = new LevelControl(degrade([]));
  for (const level of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => control.setManual(level, 0), { code: 'INVALID_ARGUMENT', message: /a whole number from 0, got/ });
  }
});

const perSecond = (level: number, count: number): LimitDefinition => ({ kind: 'count', level, count, gapMs: 1000 });

/** Lets so many runs through. */
class Cell implements RunLimit {
  taken = 0;
  readonly #count: number;

  constructor(count: number) {
    this.#count = count;
  }

  take(): boolean {
    return this.taken++ < this.#count;
  }
}

test('a run beyond a limit gets its level, and every limit counts every run', (t) => {
  const control = new LevelControl(degrade([], [perSecond(1, 1), perSecond(2, 3)]));
  const cells = [new Cell(1), new Cell(3)];
  t.deepEqual(
    Array.from({ length: 5 }, () => control.level(0, cells)),
    [0, 1, 1, 2, 2],
  );
  control.setManual(4, 0);
  t.is(control.level(0, cells), 4);
  t.deepEqual(
    cells.map(({ taken }) => taken),
    [6, 6],
  );
});

test('a new version keeps what was set by hand and what its signals have raised', (t) => {
  const before = new LevelControl(degrade([{}, { level: 2, signal: 'p99' }]));
  levels(before, [60, 60]);
  const wider = new LevelControl(degrade([{ level: 2 }, { above: 80, below: 30, coolDownMs: 2000 }]), before);
  t.is(wider.standing, 1);
  t.deepEqual(levels(wider, [30, 30, 30], 2000), [1, 1, 0]);
  t.is(new LevelControl(degrade([{ level: 2 }]), before).standing, 0);
  before.setManual(3, 0);
  t.is(new LevelControl(degrade([]), before).standing, 3);
});

test('a new version goes on holding where the bounds are the same, and begins anew where not', (t) => {
  for (const [change, level] of [
    [{}, 1],
    [{ above: 40 }, 0],
  ] as const) {
    const before = new LevelControl(degrade([{}]));
    levels(before, [60]);
    t.deepEqual(levels(new LevelControl(degrade([change]), before), [60], 1000), [level]);
  }
});

test('says what holds which level, since when and with which values', (t) => {
  const control = new LevelControl(
    degrade([{}, { level: 2, signal: 'utilization', above: 0.95, below: 0.8, holdMs: 500 }], [perSecond(3, 100)]),
  );
  t.deepEqual(control.why(0), []);
  control.setManual(1, 0);
  levels(control, [63.25, 63.25]);
  for (const at of [0, 1000]) control.observe('utilization', 0.97, at);
  control.level(1500, [new Cell(0)]);
  t.deepEqual(control.why(4000), [
    'level 3 for runs beyond 100 per 1s: 1 so far on this thread, the last 2.5s ago',
    'level 2 by utilization for 3s: it was above 95% for 500ms, is 97% now, and must stay at or below 80% for 10s',
    'level 1 by hand for 4s',
    'level 1 by queueDelay for 3s: it was above 50ms for 1s, is 63.3ms now, and must stay at or below 25ms for 10s',
  ]);
  levels(control, [10, 10], 5000);
  t.regex(control.why(6000).at(-1) ?? '', /is 10ms now, and has been at or below 25ms for 1s of 10s$/);
  t.regex(control.why(66_000).at(-1) ?? '', /for 1s, and has not been known for 1m$/);
});

test('a level never changes faster than hold and cool-down allow, and only after as long beyond the bound', (t) => {
  const arbitrary = fc.record({
    holdMs: fc.integer({ min: 1, max: 5000 }),
    coolDownMs: fc.integer({ min: 1, max: 20_000 }),
    below: fc.integer({ min: 0, max: 50 }),
    steps: fc.array(fc.tuple(fc.integer({ min: 1, max: 7000 }), fc.constantFrom(0, 20, 40, 50, 51, 80, Number.NaN)), {
      maxLength: 80,
    }),
  });
  const law = fc.property(arbitrary, ({ steps, ...bounds }) => {
    const control = new LevelControl(degrade([bounds]));
    const seen: { nowMs: number; value: number }[] = [];
    let nowMs = 0;
    let changedMs = Number.NEGATIVE_INFINITY;
    let level = 0;
    for (const [stepMs, value] of steps) {
      nowMs += stepMs;
      control.observe('queueDelay', value, nowMs);
      if (!Number.isNaN(value)) seen.push({ nowMs, value });
      // The other model: looks back over all values each time.
      const spanMs = level === 0 ? bounds.holdMs : bounds.coolDownMs;
      const isBeyond = (one: number) => (level === 0 ? one > 50 : one <= bounds.below);
      let from = seen.length;
      while (from > 0 && isBeyond(seen[from - 1]!.value) && seen[from - 1]!.nowMs > changedMs) {
        if (from < seen.length && seen[from]!.nowMs - seen[from - 1]!.nowMs > signalGapMaxMs) break;
        from--;
      }
      const since = seen[from]?.nowMs ?? Number.POSITIVE_INFINITY;
      const changes = !Number.isNaN(value) && nowMs - since >= spanMs;
      t.is(control.standing !== level, changes);
      if (!changes) continue;
      t.true(nowMs - changedMs > spanMs);
      changedMs = nowMs;
      level = control.standing;
    }
  });
  fc.assert(law, { numRuns: 500 });
});
