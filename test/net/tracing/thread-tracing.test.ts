// What is sampled, what spans are called, and how a thread's last ones go out.

import test from 'ava';
import { ThreadTracing } from '../../../net/tracing/thread-tracing.ts';
import { type Random, seededRandom } from '../../../runtime/clock.ts';
import { codeNumber } from '../../../runtime/errors.ts';
import type { HostedFiber } from '../../../runtime/fiber/host.ts';
import type { Span, TracerDefinition } from '../../../runtime/plugins/tracer.ts';
import type { ObservedRequest } from '../../../scheduler/host-module.ts';
import { taskMethod } from '../../../scheduler/request-runner.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';
import { KeptLog } from '../../runtime/plugins/modules.ts';

const requestOf = (request: Partial<ObservedRequest>): ObservedRequest => {
  return { name: 'a.B/c', method: 1, depth: 0, traceWords: undefined, traceFlags: 0, ...request };
};

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
  const tracing = new ThreadTracing(definitions, thread);
  const take = (request: Partial<ObservedRequest>, attempt = 1) =>
    tracing.taken(requestOf(request), { attempt }, 'work');
  return { clock, log, exported, tracing, take };
}

const words = (span: number) => new Uint32Array([1, 2, 3, 4, 0, span]);

test('only what the caller has sampled makes spans, and roots by the largest percent of all tracers', (t) => {
  const begun = (percents: number[], request: Partial<ObservedRequest>, random: Random = () => 0.5) => {
    const { take } = rig(random, ...percents.map((percent) => ({ percent })));
    return take(request) !== undefined;
  };
  t.true(begun([0], { traceWords: words(5), traceFlags: 1 }));
  t.false(begun([100], { traceWords: words(5), traceFlags: 2 }), 'the caller has decided');
  t.false(begun([0], {}, () => 0));
  t.true(begun([0, 51], {}));
  t.false(begun([50, 1], {}));
  t.false(begun([100], { depth: 1 }), 'its root was not sampled');
  const random = seededRandom(7);
  const { take } = rig(random, { percent: 20 });
  const sampled = Array.from({ length: 2_000 }, () => take({})).filter(Boolean);
  t.true(Math.abs(sampled.length - 400) < 80, `${sampled.length} of 2,000 with seed 7`);
});

test('calls of a request lie in its span, also when the trace begins with it; no id is zero', async (t) => {
  const { clock, tracing, exported } = rig(() => 0, { percent: 100, everyMs: 10 });
  const origin = requestOf({});
  const fiber = { pool: 'work', origin } as unknown as HostedFiber;
  const server = tracing.taken(origin, { attempt: 2 }, 'work')!;
  const client = tracing.beginClient({ service: 'd.E', method: 'f' }, true, fiber)!;
  await clock.advance(5);
  client.returned();
  server.answered(codeNumber('INTERNAL'));
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

test('a run of a job begins its trace by percent; an offloaded function is no span', async (t) => {
  const { tracing, take, exported } = rig(() => 0.5, { percent: 51 });
  const job = { name: 'job sweep', method: taskMethod, traceWords: words(5) };
  t.is(rig(() => 0.5, { percent: 50 }).take(job), undefined);
  t.is(take({ ...job, depth: 1, traceFlags: 1 }), undefined);
  take(job)!.answered(codeNumber('ABORTED'));
  await tracing.close();
  t.like(exported[0]![0], { name: 'job sweep', kind: 'internal', code: 'ABORTED', parentSpanId: undefined });
  t.deepEqual(exported[0]![0]!.attributes, {
    'thread.name': 'work-1',
    'heddle.pool': 'work',
    'error.type': 'ABORTED',
  });
});

test('what ends by the stop of its thread goes out with the last spans', async (t) => {
  const { tracing, take, exported } = rig(Math.random, { percent: 100 });
  const span = take({})!;
  const closing = tracing.close();
  span.answered(codeNumber('UNAVAILABLE'));
  await closing;
  t.is(exported[0]![0]!.code, 'UNAVAILABLE');
});

test('tracers get the same spans, and none the objects of another', async (t) => {
  const { tracing, take, exported } = rig(Math.random, { percent: 100 }, {});
  take({})!.returned();
  await tracing.close();
  t.deepEqual(exported[0], exported[1]);
  t.not(exported[0]![0]!.attributes, exported[1]![0]!.attributes);
});

test('an exporter that hangs holds the end of its thread for a bound, no longer', async (t) => {
  const { clock, log, tracing, take } = rig(Math.random, { percent: 100, export: () => new Promise(() => {}) });
  take({})!.returned();
  const closing = tracing.close();
  await clock.advance(300);
  await closing;
  t.deepEqual(log.lines, ['warn tracing: the last spans of the thread are lost']);
});
