// When sinks are called, and what becomes of those that throw or never end; on a virtual clock.

import test from 'ava';
import { HeddleError } from '../../../runtime/errors.ts';
import type { MetricSample } from '../../../runtime/metrics/metric-reader.ts';
import { flushTimeoutMs, MetricSinks } from '../../../runtime/metrics/metric-sinks.ts';
import {
  type MetricSink,
  type MetricSinkCall,
  type MetricSinkDefinition,
  metricSinkPoint,
} from '../../../runtime/plugins/metric-sink.ts';
import { Registry } from '../../../runtime/plugins/registry.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';
import { KeptLog } from '../plugins/modules.ts';
import { MetricsRig } from './rig.ts';

interface Call extends MetricSinkCall {
  atMs: number;
  samples: readonly MetricSample[];
}

class SinksRig {
  readonly metrics = new MetricsRig();
  readonly clock = new VirtualClock();
  readonly log = new KeptLog();
  readonly calls: Call[] = [];
  readonly sinks: MetricSinks;

  /** `write` of each call, after it was kept. */
  constructor(write: (call: Call) => unknown, definition: Partial<MetricSinkDefinition> = {}) {
    const registry = new Registry<MetricSink>('metric sink');
    metricSinkPoint('test', registry).metricSink({
      name: 'kept',
      everyMs: 1000,
      ...definition,
      write: (samples, call) => {
        const kept = { ...call, samples, atMs: this.clock.nowMs() };
        this.calls.push(kept);
        return write(kept);
      },
    });
    const log = this.log.logger('metrics');
    this.sinks = new MetricSinks({ memory: this.metrics.memory, sinks: () => registry.all, clock: this.clock, log });
  }

  get times(): number[] {
    return this.calls.map(({ atMs }) => atMs);
  }
}

test('a sink gets all samples every so often, and for the last time at the stop', async (t) => {
  const rig = new SinksRig(() => {});
  await rig.sinks.start();
  rig.metrics.thread(1).count('orders', 2, { kind: 'book' });
  await rig.clock.advance(1000);
  rig.metrics.thread(2).count('orders', 3, { kind: 'book' });
  await rig.clock.advance(1500);
  await rig.sinks.stop();
  t.deepEqual(rig.times, [1000, 2000, 2500]);
  t.deepEqual(
    rig.calls.map(({ samples }) => samples.map((sample) => sample.kind === 'counter' && sample.value)),
    [[2], [5], [5]],
  );
  t.deepEqual(rig.calls[0]!.samples, [{ kind: 'counter', name: 'orders', labels: { kind: 'book' }, value: 2 }]);
  t.deepEqual(
    rig.calls.map(({ isLast }) => isLast),
    [false, false, true],
  );
  t.is(rig.calls[0]!.wallMs, rig.clock.wallStartMs + 1000);
  t.is(rig.clock.pending, 0);
});

test('a sink that throws is called again; the log tells the first failure of a row, and its end', async (t) => {
  const rig = new SinksRig(({ atMs }) => {
    if (atMs < 3500) throw new Error('no disk');
  });
  await rig.sinks.start();
  await rig.clock.advance(5000);
  t.deepEqual(rig.times, [1000, 2000, 3000, 4000, 5000]);
  t.deepEqual(rig.log.lines, ['error metrics: the metric sink failed', 'info metrics: the metric sink works again']);
  await rig.sinks.stop();
});

test('a sink is not called while it writes, however long; past its time its signal is aborted', async (t) => {
  const ends: (() => void)[] = [];
  const rig = new SinksRig(() => new Promise<void>((resolve) => ends.push(resolve)), { timeoutMs: 2500 });
  await rig.sinks.start();
  await rig.clock.advance(3400);
  t.deepEqual(rig.times, [1000]);
  t.false(rig.calls[0]!.signal.aborted);
  await rig.clock.advance(200);
  t.true(rig.calls[0]!.signal.aborted);
  t.regex(String(rig.log.errors[0]), /its write did not end within 2500 ms; it is not called again before it has/);
  await rig.clock.advance(10_000);
  t.deepEqual(rig.times, [1000]);
  ends[0]!();
  await rig.clock.advance(1000);
  t.is(rig.times.length, 2);
  ends[1]!();
  await rig.clock.advance(0);
  t.deepEqual(rig.log.lines.at(-1), 'info metrics: the metric sink works again');
});

test('a stop waits a second at most for a write that is under way, and for the last one', async (t) => {
  const stuck = new SinksRig(() => new Promise(() => {}));
  await stuck.sinks.start();
  await stuck.clock.advance(1000);
  const stopped = stuck.sinks.stop();
  await stuck.clock.advance(flushTimeoutMs);
  await stopped;
  t.deepEqual(stuck.times, [1000]);
  t.deepEqual(stuck.log.lines, ['error metrics: the last values were not written to the metric sink']);

  const late = new SinksRig(({ isLast }) => (isLast ? new Promise(() => {}) : undefined));
  await late.sinks.start();
  const over = late.sinks.stop();
  await late.clock.advance(flushTimeoutMs);
  await over;
  t.true(late.calls[0]!.signal.aborted);
  t.regex(String(late.log.errors[0]), /its write did not end within 1000 ms$/);
});

test('a write that is under way at the stop is followed by the last one', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const slow = new SinksRig(({ isLast }) => (isLast ? undefined : promise));
  await slow.sinks.start();
  await slow.clock.advance(1000);
  const stopped = slow.sinks.stop();
  await slow.clock.advance(300);
  resolve();
  await stopped;
  t.deepEqual(slow.times, [1000, 1300]);
  t.true(slow.calls[1]!.isLast);
});

const refused = test.macro({
  exec(t, part: object, reason: RegExp) {
    const point = metricSinkPoint('test', new Registry<MetricSink>('metric sink'));
    const definition = { name: 'x', write: () => {}, ...part } as MetricSinkDefinition;
    const error = t.throws(() => point.metricSink(definition), { instanceOf: HeddleError, code: 'INVALID_ARGUMENT' });
    t.regex(error!.message, reason);
  },
  title: (title) => `refuses ${title}`,
});
test('a sink without write', refused, { write: 5 }, /^metric sink "x": it has no write\(samples, call\)$/);
test('a sink that is called too often', refused, { everyMs: 10 }, /its everyMs must be from 100 to 86400000, not 10/);
test('a sink without a bound', refused, { timeoutMs: Number.NaN }, /its timeoutMs must be from 1 to 60000, not NaN/);
test('a sink without a name', refused, { name: '' }, /^"" can not name a metric sink/);
