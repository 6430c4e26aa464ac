// Batches: when spans are exported, one export at a time, and what is lost when an exporter fails, hangs or is slow.

import test from 'ava';
import { SpanBatch } from '../../../net/tracing/span-batch.ts';
import { ThreadExtensions } from '../../../runtime/plugins/extensions.ts';
import type { Span, TracerDefinition } from '../../../runtime/plugins/tracer.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';
import { KeptLog } from '../../runtime/plugins/modules.ts';

const span = (name: string): Span => ({
  traceId: '1'.repeat(32),
  spanId: '1'.repeat(16),
  parentSpanId: undefined,
  name,
  kind: 'server',
  startMs: 0,
  durationMs: 1,
  code: 'OK',
  attributes: {},
});

const settled = () => new Promise((resolve) => setImmediate(resolve));

function rig(tracer: Partial<TracerDefinition>) {
  const clock = new VirtualClock();
  const log = new KeptLog();
  const exported: string[][] = [];
  const take = (spans: readonly Span[]) => void exported.push(spans.map(({ name }) => name));
  const batch = new SpanBatch({ name: 'test', export: take, ...tracer }, clock, log.logger('tracing'));
  const add = (...names: string[]) => {
    for (const name of names) batch.add(span(name));
  };
  return { clock, log, exported, take, batch, add };
}

test('a batch goes when it is full, or some time after its first span', async (t) => {
  const { clock, exported, add } = rig({ maxSpans: 2, everyMs: 100 });
  add('a', 'b', 'c');
  await settled();
  t.deepEqual(exported, [['a', 'b']]);
  await clock.advance(100);
  await settled();
  t.deepEqual(exported, [['a', 'b'], ['c']]);
});

test('while an export is under way one more batch fills, and the rest is dropped and counted', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let running = 0;
  let most = 0;
  const { exported, take, log, add } = rig({
    maxSpans: 2,
    export: async (spans) => {
      take(spans);
      most = Math.max(most, ++running);
      await promise;
      running--;
    },
  });
  add('a', 'b', 'c', 'd', 'e', 'f', 'g');
  await settled();
  t.deepEqual(exported, [['a', 'b']]);
  resolve();
  await settled();
  t.deepEqual(exported, [
    ['a', 'b'],
    ['c', 'd'],
  ]);
  t.is(most, 1);
  t.deepEqual(log.lines, ['warn tracing: spans were dropped, since their exporter was slower than they came']);
});

test('an export that throws loses its batch alone; one that hangs is aborted after its bound', async (t) => {
  const signals: AbortSignal[] = [];
  const answers = [() => Promise.reject(new Error('no collector')), () => new Promise(() => {}), () => undefined];
  const { clock, log, add } = rig({ maxSpans: 1, export: (_spans, signal) => answers[signals.push(signal) - 1]!() });
  add('a');
  await settled();
  add('b');
  await settled();
  add('c');
  await settled();
  t.is(signals.length, 2);
  await clock.advance(10_000);
  await settled();
  t.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, true, false],
  );
  t.deepEqual(log.lines, Array(2).fill('warn tracing: a batch of spans was not exported'));
});

test('a flush waits for the export under way, and exports the rest', async (t) => {
  const { exported, take, batch, add } = rig({ maxSpans: 2, export: (spans) => settled().then(() => take(spans)) });
  add('a', 'b', 'c');
  await batch.flush();
  t.deepEqual(exported, [['a', 'b'], ['c']]);
});

test('a definition that can be no tracer is refused', (t) => {
  const { tracer } = new ThreadExtensions().ioPoints('tests');
  const wrong = (definition: object, message: string) =>
    t.throws(() => tracer(definition as TracerDefinition), { code: 'INVALID_ARGUMENT', message });
  wrong({ name: 'none' }, 'tracer "none": it has no export(spans)');
  wrong({ name: 'all', export() {}, percent: 101 }, 'tracer "all": its percent must be 0 to 100, not 101');
  wrong({ name: 'few', export() {}, maxSpans: 0 }, 'tracer "few": its maxSpans must be 1 to 10000, not 0');
  wrong({ name: 'half', export() {}, maxSpans: 1.5 }, 'tracer "half": its maxSpans must be whole, not 1.5');
  wrong({ name: 'text', export() {}, everyMs: '1s' }, 'tracer "text": its everyMs must be 10 to 600000, not "1s"');
});
