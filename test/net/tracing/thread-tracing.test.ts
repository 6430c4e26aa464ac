// What is sampled, what spans are called, and how a thread's last ones go out.

import test from 'ava';
import { ThreadTracing } from '../../../net/tracing/thread-tracing.ts';
import { type Random, seededRandom } from '../../../runtime/clock.ts';
import type { HostedFiber } from '../../../runtime/fiber/host.ts';
import type { Span, TracerDefinition } from '../../../runtime/plugins/tracer.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';
import { KeptLog } from '../../runtime/plugins/modules.ts';

interface Trace {
  depth?: number;
  traceWords?: Uint32Array;
  traceFlags?: number;
}

const fiberOf = ({ depth = 0, traceWords, traceFlags = 0 }: Trace): HostedFiber =>
  ({ pool: 'work', origin: { depth, traceWords, traceFlags } }) as unknown as HostedFiber;

function rig(random: Random, ...tracers: Partial<TracerDefinition>[]) {
  const clock = new VirtualClock(1_000);
  const log = new KeptLog();
  const exported: Span[][] = tracers.map(() => []);
  const definitions = tracers.map((tracer, index) => ({
    name: `t${index}`,
    export: (spans: readonly Span[]) => void exported[index]!.push(...spans),
    ...tracer,
  }));
  const thread = { clock, random, log: log.logger('tracing'), threadName: 'work-1' };
  return { clock, log, exported, tracing: new ThreadTracing(definitions, thread) };
}

const words = (span: number) => new Uint32Array([1, 2, 3, 4, 0, span]);

test('only what the caller has sampled makes spans, and roots by the largest percent of all tracers', (t) => {
  const begun = (percents: number[], trace: Trace, random: Random = () => 0.5) => {
    const { tracing } = rig(random, ...percents.map((percent) => ({ percent })));
    return tracing.beginServer('a.B/c', 1, fiberOf(trace)) !== undefined;
  };
  t.true(begun([0], { traceWords: words(5), traceFlags: 1 }));
  t.false(begun([100], { traceWords: words(5), traceFlags: 2 }), 'the caller has decided');
  t.false(begun([0], {}, () => 0));
  t.true(begun([0, 51], {}));
  t.false(begun([50, 1], {}));
  t.false(begun([100], { depth: 1 }), 'its root was not sampled');
  const random = seededRandom(7);
  const { tracing } = rig(random, { percent: 20 });
  const sampled = Array.from({ length: 2_000 }, () => tracing.beginServer('a.B/c', 1, fiberOf({}))).filter(Boolean);
  t.true(Math.abs(sampled.length - 400) < 80, `${sampled.length} of 2,000 with seed 7`);
});

test('calls of a request lie in its span, also when the trace begins with it; no id is zero', async (t) => {
  const { clock, tracing, exported } = rig(() => 0, { percent: 100, everyMs: 10 });
  const fiber = fiberOf({});
  const server = tracing.beginServer('a.B/c', 2, fiber)!;
  const client = tracing.beginClient({ service: 'd.E', method: 'f' }, true, fiber)!;
  await clock.advance(5);
  client.returned();
  server.failed(new TypeError('a slip'));
  await tracing.close();
  const [inner, outer] = exported[0] as [Span, Span];
  t.deepEqual(
    [outer.traceId, outer.spanId, outer.parentSpanId],
    ['00000001'.repeat(4), '00000001'.repeat(2), undefined],
  );
  t.is(inner.parentSpanId, outer.spanId);
  t.deepEqual([inner.durationMs, inner.startMs], [5, clock.wallStartMs + 1_000]);
  t.is(inner.attributes['heddle.one_way'], true);
  t.deepEqual(
    [outer.code, outer.attributes['error.type'], outer.attributes['heddle.attempt']],
    ['INTERNAL', 'INTERNAL', 2],
  );
});

test('tracers get the same spans, and none the objects of another', async (t) => {
  const { tracing, exported } = rig(Math.random, { percent: 100 }, {});
  tracing.beginServer('a.B/c', 1, fiberOf({}))!.returned();
  await tracing.close();
  t.deepEqual(exported[0], exported[1]);
  t.not(exported[0]![0]!.attributes, exported[1]![0]!.attributes);
});

test('an exporter that hangs holds the end of its thread for a bound, no longer', async (t) => {
  const { clock, log, tracing } = rig(Math.random, { percent: 100, export: () => new Promise(() => {}) });
  tracing.beginServer('a.B/c', 1, fiberOf({}))!.returned();
  const closing = tracing.close();
  await clock.advance(300);
  await closing;
  t.deepEqual(log.lines, ['warn tracing: the last spans of the thread are lost']);
});
