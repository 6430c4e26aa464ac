// The scenario `dag`: what a strategy costs over the same work written by hand, per node, in CPU time and in bytes. One
// thread, nothing but trivial nodes, the whole way of `fiber.run`: request checked, graph run by fibers, counters counted.

import { isDeepStrictEqual } from 'node:util';
import { bytesPerRun, type SampledBytes, sampledBytesPerRun } from '../measure/bytes.ts';
import { measurePairs, type Pairs, type Side, type Spread, type Subject } from '../measure/pairs.ts';
import type { Scenario, ScenarioOptions, ScenarioReport } from '../scenario.ts';
import { type GraphKind, nameOf, type Sums } from './dag/graphs.ts';
import { handWritten } from './dag/hand-written.ts';
import { StrategyThread } from './dag/thread.ts';

const kinds: readonly GraphKind[] = ['async', 'sync', 'value', 'unlimited'];
const nodeCounts = [10, 30, 50] as const;
/** CPU per node over hand-written code, µs. */
const goalUs = 1;
/** At least 7, so that a median means something. */
const pairs = 9;
/** Runs whose bytes are counted, for each second there is; no more than these give better numbers. */
const countedRunsPerSecond = 100;
const countedRunsMax = 2000;
/** The samples get this share of the time; the rest is warming up and counting bytes. */
const sampledShare = 0.7;

export const dag: Scenario = {
  name: 'dag',
  what: 'a strategy of 10 to 50 trivial nodes over the same by hand: CPU and bytes per node',
  seconds: 30,
  run: measure,
};

interface Row {
  readonly kind: GraphKind;
  readonly nodes: number;
  /** CPU µs per run. */
  readonly handWritten: Spread;
  readonly strategy: Spread;
  /** CPU µs over hand-written code. */
  readonly perNode: Spread;
  readonly bytesPerNode: { readonly handWritten: number | null; readonly strategy: number | null };
  readonly sampledBytesPerNode: { readonly handWritten: number; readonly strategy: number };
  /** Where a strategy allocates, by the sampling heap profiler. */
  readonly allocators: SampledBytes['top'];
}

async function measure({ seconds, onStep }: ScenarioOptions): Promise<ScenarioReport> {
  await using thread = await StrategyThread.load(import.meta.resolve('./dag/graphs.ts'));
  const graphs = kinds.flatMap((kind) => nodeCounts.map((nodes) => ({ kind, nodes })));
  const subjects: Subject[] = [];
  for (const { kind, nodes } of graphs) subjects.push(await subjectOf(thread, kind, nodes));
  const sampleMs = (seconds * 1000 * sampledShare) / graphs.length / (2 * pairs);
  const cpu = await measurePairs(subjects, { pairs, sampleMs }, (pair) => onStep(`pair ${pair} of ${pairs}`));
  onStep('counting bytes');
  const countedRuns = Math.min(countedRunsMax, Math.ceil(seconds * countedRunsPerSecond));
  const rows: Row[] = [];
  for (const [at, graph] of graphs.entries()) rows.push(await rowOf(graph, cpu[at]!, subjects[at]!, countedRuns));
  const worst = Math.max(...rows.map(({ perNode }) => perNode.median));
  return {
    method: [
      `CPU: user and system time of the process, median of ${pairs} pairs (lowest to highest) by hand, as strategy, in turns.`,
      'Per node: the pairs’ differences. Bytes: the JavaScript heap, by V8’s counter of all allocations (in brackets: by the',
      'sampling heap profiler, collected objects included); both sides within a fiber, which is part of the bytes by hand.',
      'async and sync: functions, with a time budget; value: expressions; unlimited: as async, without a budget.',
    ],
    columns: ['graph', 'by hand µs', 'strategy µs', 'per node µs', '', 'goal', 'bytes/node by hand', 'strategy'],
    rows: rows.map(cellsOf),
    goals: [
      {
        sentence: `under ${goalUs} µs of CPU per node over hand-written code for 10 to 50 nodes: ${worst.toFixed(2)} at most`,
        met: worst < goalUs,
      },
    ],
    plots: [
      {
        kind: 'bars',
        title: 'CPU of a strategy over the same by hand',
        unit: 'µs per node',
        bars: rows.map(({ kind, nodes, perNode }) => ({ name: `${kind}, ${nodes} nodes`, isOwn: true, ...perNode })),
      },
    ],
    data: { goalUs, pairs, sampleMs, graphs: rows },
  };
}

/** Both ways come to the same before either is measured. */
async function subjectOf(thread: StrategyThread, kind: GraphKind, nodes: number): Promise<Subject> {
  const request = { x: 1 };
  const name = nameOf(kind, nodes);
  const write = handWritten(kind, nodes);
  const byHand = (): Promise<Sums> => thread.run(() => write(request));
  const asStrategy = (): Promise<Sums> => thread.run((fiber) => fiber.run<typeof request, Sums>(name, request));
  const results = [await byHand(), await asStrategy()];
  if (!isDeepStrictEqual(results[0], results[1])) {
    throw new Error(`${name}: by hand ${JSON.stringify(results[0])}, as strategy ${JSON.stringify(results[1])}`);
  }
  return { base: repeating(byHand), other: repeating(asStrategy) };
}

async function rowOf(
  { kind, nodes }: { kind: GraphKind; nodes: number },
  cpu: Pairs,
  { base, other }: Subject,
  countedRuns: number,
): Promise<Row> {
  const perNode = (number: number): number => number / nodes;
  const counted = async (side: Side): Promise<number | null> => {
    const bytes = await bytesPerRun(side, countedRuns);
    return bytes === null ? null : perNode(bytes);
  };
  const sampled = {
    base: await sampledBytesPerRun(base, countedRuns),
    other: await sampledBytesPerRun(other, countedRuns),
  };
  return {
    kind,
    nodes,
    handWritten: cpu.base,
    strategy: cpu.other,
    perNode: {
      median: perNode(cpu.difference.median),
      min: perNode(cpu.difference.min),
      max: perNode(cpu.difference.max),
    },
    bytesPerNode: {
      handWritten: await counted(base),
      strategy: await counted(other),
    },
    sampledBytesPerNode: {
      handWritten: perNode(sampled.base.bytesPerRun),
      strategy: perNode(sampled.other.bytesPerRun),
    },
    allocators: sampled.other.top,
  };
}

/** One after another: what is measured is work, not waiting. */
function repeating(once: () => Promise<unknown>): Side {
  return async (runs) => {
    for (let run = 0; run < runs; run++) await once();
  };
}

function cellsOf(row: Row): string[] {
  const { perNode, bytesPerNode, sampledBytesPerNode } = row;
  const bytes = (side: 'handWritten' | 'strategy'): string =>
    `${bytesPerNode[side]?.toFixed(0) ?? '–'} (${sampledBytesPerNode[side].toFixed(0)})`;
  return [
    `${row.kind}, ${row.nodes} nodes`,
    row.handWritten.median.toFixed(2),
    row.strategy.median.toFixed(2),
    perNode.median.toFixed(3),
    `(${perNode.min.toFixed(2)} to ${perNode.max.toFixed(2)})`,
    perNode.median < goalUs ? 'met' : 'missed',
    bytes('handWritten'),
    bytes('strategy'),
  ];
}
