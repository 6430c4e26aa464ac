// `heddle bench --json`: a number is something that was measured; what was not is null.

import test from 'ava';
import { type BenchAsked, benchReport } from '../../../cli/bench/report.ts';
import { startLoad } from '../../../load/load-run.ts';
import { seededRandom } from '../../../runtime/clock.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';
import { type Fate, type VirtualRequest, VirtualTarget } from '../../load/virtual-target.ts';

interface Report {
  connections: number;
  connectionsWanted: number;
  measuredMs: number;
  latencyMs: Record<string, number | null>;
  overTime: { fromMs: number; toMs: number; answers: number; p50Ms: number | null; maxMs: number | null }[];
  generator: { sendDelayMs: Record<string, number | null> };
}

async function reportOf(fateOf: (request: VirtualRequest) => Fate, endMs = 1000): Promise<Report> {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const run = startLoad({
    target: new VirtualTarget(clock, fateOf),
    shape: { kind: 'closed', inFlight: 2 },
    durationMs: 600,
    warmUpMs: 0,
    clock,
    random: seededRandom(1),
    cpuUs: () => 0,
    signal: stop.signal,
  });
  await clock.advance(endMs);
  stop.abort();
  await clock.runAll();
  const asked = { plan: { shape: {} }, options: {}, seed: 1, startedAtMs: 0 } as unknown as BenchAsked;
  return JSON.parse(JSON.stringify(benchReport(await run.ended, asked))) as Report;
}

test('a slice without an answer has no latency', async (t) => {
  const { overTime } = await reportOf(({ sentMs }) => (sentMs < 200 ? 5 : Math.max(5, 400 - sentMs)));
  const inStall = overTime.filter(({ fromMs }) => fromMs >= 220 && fromMs < 380);
  t.true(inStall.length > 10);
  for (const { answers, p50Ms, maxMs } of inStall) t.deepEqual([answers, p50Ms, maxMs], [0, null, null]);
});

test('a run in which nothing was answered has no latencies, and a closed loop no delays of its sends', async (t) => {
  const { latencyMs, generator } = await reportOf(() => ({ code: 'INTERNAL', laterMs: 1 }));
  t.deepEqual(new Set(Object.values(latencyMs)), new Set([null]));
  t.deepEqual(generator.sendDelayMs, { p50: null, p99: null, max: null });
});

test('what was ended early ends where it was ended, and how many connections were wanted is told', async (t) => {
  const { measuredMs, overTime, connections, connectionsWanted } = await reportOf(() => 1, 305);
  t.deepEqual([measuredMs, overTime.at(-1)!.toMs], [305, 305]);
  t.deepEqual([connections, connectionsWanted], [1, 1]);
});
