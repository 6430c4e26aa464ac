// The scenario `handoff`: what it costs to hand bytes to an async handler on another thread and to get its answer, beside what
// pools of worker threads and bare message ports take for it. One thread asks, one answers.

import { spreadText } from '../measure/comparison-report.ts';
import type { Plot } from '../page/plot.ts';
import type { Goal, Scenario, ScenarioOptions, ScenarioReport } from '../scenario.ts';
import { type Cell, type CellFigures, type CellResult, measureCells } from './handoff/measure-cells.ts';
import type { IdleResult } from './handoff/subject.ts';
import { queueName, type Subjects, startSubjects } from './handoff/subjects.ts';

const cells: readonly Cell[] = [64, 1024, 16_384].flatMap((bytes) =>
  [1, 16, 256, 1024].map((inFlight) => ({ bytes, inFlight })),
);
const rounds = 5;
/** Less has too few answers of a slow peer in it. */
const sampleMsMin = 2;
/** By the time of one sample. */
const warmUpSamples = 2;
/** Of the time, for the look at threads that have nothing to do; at most so long, ms. */
const idleShare = 0.03;
const idleMsMax = 3000;

/** Of the queue: pairs a second by a peer's, at least. */
const ratioGoals = [
  { bytes: 64, inFlight: 256, peer: 'piscina', times: 50 },
  { bytes: 64, inFlight: 256, peer: 'piscina-async', times: 25 },
  { bytes: 64, inFlight: 256, peer: 'message-port', times: 8 },
  { bytes: 64, inFlight: 256, peer: 'message-port-batched', times: 3 },
  { bytes: 16_384, inFlight: 256, peer: 'message-port', times: 1.8 },
] as const;
/** CPU of a pair at 64 B and 256 in flight, µs. */
const cpuUsGoal = 1.2;
/** Median round trip of 64 B with one in flight, µs. */
const p50UsGoal = 10;
/** What a thread without work may take of a core, %. */
const idlePercentGoal = 0.05;

export const handoff: Scenario = {
  name: 'handoff',
  what: 'bytes to an async handler on another thread and back: pairs a second, CPU per pair',
  seconds: 100,
  peers: [
    ...['piscina', 'piscina-async', 'tinypool', 'workerpool', 'poolifier'],
    ...['message-port', 'message-port-batched', 'message-port-packed'],
  ],
  run: measure,
};

async function measure({ seconds, peers = [], onStep }: ScenarioOptions): Promise<ScenarioReport> {
  await using subjects = await startSubjects(peers, onStep);
  const idleMs = Math.min(idleMsMax, seconds * 1000 * idleShare);
  // Of each cell: a pair of runs for each but the queue, five times, and the warm-ups of all.
  const others = 1 + subjects.peers.length;
  const samplesPerCell = rounds * 2 * others + warmUpSamples * (others + 1);
  const sampleMs = Math.max(sampleMsMin, (seconds * 1000 - idleMs) / cells.length / samplesPerCell);
  const options = { rounds, sampleMs, warmUpMs: warmUpSamples * sampleMs, onStep };
  const results = await measureCells(subjects, cells, options);
  onStep('idle');
  const idle = await measureIdle(subjects, idleMs);
  const { failure } = subjects.queue;
  if (failure !== undefined) throw new Error(`${queueName}: ${failure}`);
  return {
    method: methodOf(subjects, sampleMs, idleMs),
    columns: ['load', 'pairs/s', '', 'CPU µs per pair', '', 'p50 µs', 'p99 µs', 'the queue does'],
    rows: results.flatMap((result) => rowsOf(result)),
    goals: [...ratioGoals.map((goal) => ratioGoal(results, goal)), ...ownGoals(results, idle[queueName])],
    plots: results.filter(({ inFlight }) => inFlight === 256).flatMap(plotsOf),
    data: { rounds, sampleMs, idleMs, cells: results, idle },
  };
}

/** All at once, since none does anything. */
async function measureIdle(
  { queue, service, peers }: Subjects,
  idleMs: number,
): Promise<Record<string, IdleResult | undefined>> {
  const all = [queue, service, ...peers].map(async (one) => [one.name, await one.idle(idleMs)] as const);
  return Object.fromEntries(await Promise.all(all));
}

function methodOf({ queue, service, peers, notStarted }: Subjects, sampleMs: number, idleMs: number): string[] {
  const failed = [service, ...peers].filter(({ failure }) => failure !== undefined);
  const notMeasured = [...notStarted, ...failed.map(({ name, failure }) => ({ name, reason: failure! }))];
  return [
    'One thread keeps so many bodies in flight to an async handler on one other thread, which returns what it got. Of each answer',
    'length, first and last byte are compared with what was sent, in the warm-up every byte. “heddle, the queue” is all that lies',
    'between the threads of a service (run queue, request table, arena, completion ring, bells), and a bare async handler. “heddle,',
    'a service” is a whole server: routes, bounds, deadlines, fibers, codec and counts too; its IO thread asks, as a protocol does.',
    `Each has a process of its own. The queue runs just before each of the others: medians of ${rounds} such pairs of ${Math.round(sampleMs)} ms (lowest`,
    'to highest). CPU: user and system time of the process, all threads. “the queue does”: its pairs a second by those of this',
    `one, median of the pairs’ ratios. Idle: processor time in ${Math.round(idleMs)} ms after the load, of the busier of the two threads.`,
    `Subjects: ${[queue, service, ...peers].map(({ name, versions }) => `${name} (${versions})`).join('; ')}.`,
    ...notMeasured.map(({ name, reason }) => `NOT MEASURED: ${name}: ${reason}`),
  ];
}

function rowsOf({ bytes, inFlight, figures }: CellResult): string[][] {
  return figures.map(({ subject, perSecond, cpuUs, p50Us, p99Us, ratio }) => {
    const whole = (value: number): string => Math.round(value).toLocaleString('en');
    return [
      `${bytes} B, ${inFlight} in flight, ${subject}`,
      whole(perSecond.median),
      `(${whole(perSecond.min)} to ${whole(perSecond.max)})`,
      cpuUs.median.toFixed(2),
      `(${cpuUs.min.toFixed(2)} to ${cpuUs.max.toFixed(2)})`,
      p50Us?.median.toFixed(1) ?? '–',
      p99Us?.median.toFixed(1) ?? '–',
      ratio === undefined ? '–' : `${ratio.median.toFixed(1)}x`,
    ];
  });
}

function figuresOf(
  results: readonly CellResult[],
  { bytes, inFlight }: Cell,
  subject: string,
): CellFigures | undefined {
  const cell = results.find((result) => result.bytes === bytes && result.inFlight === inFlight);
  return cell?.figures.find((figures) => figures.subject === subject);
}

function ratioGoal(results: readonly CellResult[], goal: (typeof ratioGoals)[number]): Goal {
  const { bytes, inFlight, peer, times } = goal;
  const what = `${bytes} B, ${inFlight} in flight: pairs a second of ${queueName}`;
  const ratio = figuresOf(results, goal, peer)?.ratio;
  if (ratio === undefined) {
    return { sentence: `${what} by those of ${peer}, which was not measured; goal: at least ${times}`, met: undefined };
  }
  const sentence = `${what} are ${spreadText(ratio, 1)} times those of ${peer}; goal: at least ${times}`;
  return { sentence, met: ratio.median >= times, ratio: ratio.median };
}

function ownGoals(results: readonly CellResult[], idle: IdleResult | undefined): Goal[] {
  const { cpuUs } = figuresOf(results, { bytes: 64, inFlight: 256 }, queueName)!;
  const p50Us = figuresOf(results, { bytes: 64, inFlight: 1 }, queueName)!.p50Us!;
  const percent = idle!.threadPercent!;
  return [
    {
      sentence: `64 B, 256 in flight: ${spreadText(cpuUs, 2)} µs of CPU a pair; goal: at most ${cpuUsGoal}`,
      met: cpuUs.median <= cpuUsGoal,
    },
    {
      sentence: `64 B, one in flight: p50 ${spreadText(p50Us, 1)} µs; goal: at most ${p50UsGoal}`,
      met: p50Us.median <= p50UsGoal,
    },
    {
      sentence: `an idle thread takes ${percent.toFixed(3)} % of a core; goal: at most ${idlePercentGoal}`,
      met: percent <= idlePercentGoal,
    },
  ];
}

function plotsOf({ bytes, inFlight, figures }: CellResult): Plot[] {
  const bars = (of: 'perSecond' | 'cpuUs') =>
    figures.map((one) => ({ name: one.subject, isOwn: one.subject.startsWith('heddle'), ...one[of] }));
  const title = `${bytes} B, ${inFlight} in flight`;
  return [
    { kind: 'bars', title: `${title}: pairs a second`, unit: 'median, lowest to highest', bars: bars('perSecond') },
    { kind: 'bars', title: `${title}: CPU per pair`, unit: 'µs, median, lowest to highest', bars: bars('cpuUs') },
  ];
}
