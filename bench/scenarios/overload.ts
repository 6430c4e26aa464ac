// The scenario `overload`: what becomes of a service that is asked for more than it can do. Its handler takes 5 ms of a
// processor in a pool of one thread; the load, a Poisson process in another process, goes from a third of what it can do to
// three times as much, and wants each answer within 250 ms. Two servers in turns: one with an adaptive limit that starts
// nothing it cannot finish, and one with neither.

import { contractRequest, HeddleTarget } from '../../load/heddle-target.ts';
import { startLoad } from '../../load/load-run.ts';
import type { LoadShape } from '../../load/options.ts';
import type { LoadResult } from '../../load/result.ts';
import { standaloneHost } from '../../net/client/host.ts';
import { seededRandom, systemClock } from '../../runtime/clock.ts';
import { loadWarning, machine } from '../measure/machine.ts';
import { ServerProcess } from '../measure/server-process.ts';
import { type LineChart, lineCharts } from '../picture/line-charts.ts';
import type { Goal, Scenario, ScenarioOptions, ScenarioReport } from '../scenario.ts';
import { Overload } from './overload/contract.ts';

const cpuMs = 5;
/** Clients want their answer within this. */
const budgetMs = 250;
/** Of what one thread can do. */
const loads = [0.3, 0.5, 0.7, 0.9, 1, 1.2, 1.5, 2, 2.5, 3] as const;
const fullLoad = 0.9;
const mostLoad = 3;
const sides = ['protected', 'unprotected'] as const;
type Side = (typeof sides)[number];

/** Callers that find out what one thread can do: one at work, the others waiting, so that it is never idle. */
const capacityCallers = 4;
/** All loads are in its terms. */
const capacityMsMin = 1_000;
const connections = 8;
/** The goals. */
const goodputShareMin = 0.9;
const p99TimesMax = 2;
const collapseShareMax = 0.5;

export const overload: Scenario = {
  name: 'overload',
  what: 'from 0.3 to 3 times the load that a pool can take, protected and not: goodput and latency, with a picture',
  seconds: 110,
  run: measure,
};

/** One load on one server. */
interface Point {
  readonly load: number;
  readonly offeredPerSecond: number;
  /** Answered within the clients' time. */
  readonly goodputPerSecond: number;
  /** At once, since too much was under way. */
  readonly refusedPerSecond: number;
  /** Let in, and not answered in time. */
  readonly latePerSecond: number;
  /** Of what was let in; a late one counts with the time its client has waited. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

async function measure({ seconds, onStep }: ScenarioOptions): Promise<ScenarioReport> {
  const { cpus, load: loadAtStart } = machine();
  const warning = loadWarning({ cpus, load: loadAtStart });
  if (warning !== undefined) onStep(warning);
  const script = import.meta.resolve('./overload/server.ts');
  await using guarded = await ServerProcess.start(script, 'protected');
  await using bare = await ServerProcess.start(script, 'unprotected');
  const servers = { protected: guarded, unprotected: bare };
  const pointMs = (seconds * 1000) / (loads.length * sides.length + 1);
  const [warmUpMs, durationMs] = [0.25 * pointMs, 0.75 * pointMs];
  onStep('what one thread can do');
  const lookMs = Math.max(durationMs, capacityMsMin);
  const closed = await loadOn(bare, { kind: 'closed', inFlight: capacityCallers }, warmUpMs, lookMs, 60_000);
  const capacity = closed.perSecond;
  if (capacity === 0) throw new Error(`no answer within ${lookMs} ms: the machine is too busy to measure on`);
  const points: Record<Side, Point[]> = { protected: [], unprotected: [] };
  for (const load of loads) {
    for (const side of sides) {
      onStep(`${load} times that, ${side}`);
      const shape = { kind: 'open', ratePerSecond: load * capacity, maxInFlight: 10_000 } as const;
      const result = await loadOn(servers[side], shape, warmUpMs, durationMs, budgetMs);
      points[side].push(pointOf(load, load * capacity, result));
    }
  }
  const charts = chartsOf(points, capacity);
  return {
    method: [
      ...(warning === undefined ? [] : [warning]),
      `The handler uses ${cpuMs} ms of its thread's processor time; a closed loop of ${capacityCallers} callers finds what the pool of one thread can do:`,
      `${capacity.toFixed(0)} a second. Load: a Poisson process, the same arrivals for both servers, from this process over ${connections} connections;`,
      `each request has ${budgetMs} ms. ${Math.round(durationMs)} ms for each load, after ${Math.round(warmUpMs)} ms of it that do not count. Goodput: answers in time.`,
      'p50, p99: of what was let in, from when a request was due, and those that got no answer in time with the time they waited.',
      'protected: adaptive: { enabled: true }, startLate: false. unprotected: adaptive: { enabled: false }, startLate: true.',
    ],
    columns: ['load', 'offered/s', ...sides.flatMap((side) => [side, 'refused/s', 'late/s', 'p50 ms', 'p99 ms'])],
    rows: loads.map((load, at) => [
      `${load}`,
      (load * capacity).toFixed(0),
      ...sides.flatMap((side) => cellsOf(points[side][at]!)),
    ]),
    goals: goalsOf(points),
    picture: lineCharts(`A handler of ${cpuMs} ms in a pool of one thread; clients wait for ${budgetMs} ms`, charts),
    plots: charts.map((chart) => ({ kind: 'lines', ...chart })),
    data: { capacityPerSecond: capacity, cpuMs, budgetMs, warmUpMs, durationMs, loadAtStart, warning, points },
  };
}

async function loadOn(
  server: ServerProcess,
  shape: LoadShape,
  warmUpMs: number,
  durationMs: number,
  timeoutMs: number,
): Promise<LoadResult> {
  const target = new HeddleTarget(
    {
      target: `heddle://127.0.0.1:${server.port}`,
      service: 'bench.Overload',
      method: 'burn',
      request: contractRequest(Overload.burn, { cpuMs }),
      timeoutMs,
      connections,
      maxInFlight: shape.kind === 'open' ? shape.maxInFlight : shape.inFlight,
    },
    standaloneHost(),
  );
  return startLoad({ target, shape, durationMs, warmUpMs, clock: systemClock, random: seededRandom(1) }).ended;
}

function pointOf(load: number, offeredPerSecond: number, result: LoadResult): Point {
  const { answers, failures, latencies, measuredMs } = result;
  const perSecond = (count: number): number => (count * 1000) / measuredMs;
  const failed = (code: string): number => failures.find((failure) => failure.code === code)?.count ?? 0;
  const [refused, late] = [failed('RESOURCE_EXHAUSTED'), failed('DEADLINE_EXCEEDED')];
  if (answers + refused + late < answers + result.failed) {
    throw new Error(`requests have failed otherwise than by overload: ${JSON.stringify(failures)}`);
  }
  return {
    load,
    offeredPerSecond,
    goodputPerSecond: perSecond(answers),
    refusedPerSecond: perSecond(refused),
    latePerSecond: perSecond(late),
    p50Ms: latencies.quantileMs(0.5),
    p99Ms: latencies.quantileMs(0.99),
  };
}

function cellsOf({ goodputPerSecond, refusedPerSecond, latePerSecond, p50Ms, p99Ms }: Point): string[] {
  return [goodputPerSecond, refusedPerSecond, latePerSecond, p50Ms, p99Ms].map((value) => value.toFixed(0));
}

function goalsOf(points: Record<Side, readonly Point[]>): Goal[] {
  const at = (side: Side, load: number): Point => points[side].find((point) => point.load === load)!;
  const peak = (side: Side): number => Math.max(...points[side].map(({ goodputPerSecond }) => goodputPerSecond));
  const share = (side: Side): number => at(side, mostLoad).goodputPerSecond / peak(side);
  const [fullP99Ms, mostP99Ms] = [at('protected', fullLoad).p99Ms, at('protected', mostLoad).p99Ms];
  const percent = (value: number): string => `${(value * 100).toFixed(0)} %`;
  return [
    {
      sentence: `at ${mostLoad} times the load goodput is ${percent(share('protected'))} of its peak; goal: ${percent(goodputShareMin)} or more`,
      met: share('protected') >= goodputShareMin,
    },
    {
      sentence: `the p99 of what is let in is ${mostP99Ms.toFixed(0)} ms then, and ${fullP99Ms.toFixed(0)} ms at ${fullLoad} times; goal: at most ${p99TimesMax} times as much`,
      met: mostP99Ms <= p99TimesMax * fullP99Ms,
    },
    {
      sentence: `without protection goodput falls to ${percent(share('unprotected'))} of its peak: it is the protection that does it; goal: below ${percent(collapseShareMax)}`,
      met: share('unprotected') < collapseShareMax,
    },
  ];
}

function chartsOf(points: Record<Side, readonly Point[]>, capacity: number): LineChart[] {
  const line = (side: Side, of: (point: Point) => number) => ({
    name: side,
    points: points[side].map((point): [number, number] => [point.load, of(point)]),
  });
  const bottom = `offered load, times what the pool can do (${capacity.toFixed(0)} requests a second)`;
  return [
    {
      title: 'goodput: answers in time, a second',
      bottom,
      lines: sides.map((side) => line(side, (point) => point.goodputPerSecond)),
    },
    { title: 'p99 of what is let in, ms', bottom, lines: sides.map((side) => line(side, (point) => point.p99Ms)) },
  ];
}
