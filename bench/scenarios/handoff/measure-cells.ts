// measureCells: every subject in every cell, in turns: Heddle's queue just before each peer, A B A C A D …, so that a pair has
// the same minute of the machine.

import { type Spread, spreadOf } from '../../measure/pairs.ts';
import type { LoopResult } from './closed-loop.ts';
import type { SubjectProcess, Subjects } from './subjects.ts';

export interface Cell {
  readonly bytes: number;
  readonly inFlight: number;
}

export interface CellFigures {
  readonly subject: string;
  readonly perSecond: Spread;
  /** User and system time of the whole process, µs by pair. */
  readonly cpuUs: Spread;
  /** Only with one in flight. */
  readonly p50Us: Spread | undefined;
  readonly p99Us: Spread | undefined;
  /** Of all but the queue: the queue's pairs a second by this one's, run by run. */
  readonly ratio: Spread | undefined;
}

export interface CellResult extends Cell {
  readonly figures: readonly CellFigures[];
}

export interface CellOptions {
  readonly rounds: number;
  readonly sampleMs: number;
  /** Of each subject in each cell, with every byte compared. */
  readonly warmUpMs: number;
  readonly onStep: (step: string) => void;
}

interface Runs {
  readonly subject: SubjectProcess;
  readonly results: LoopResult[];
  readonly ratios: number[];
}

export async function measureCells(
  { queue, service, peers }: Subjects,
  cells: readonly Cell[],
  { rounds, sampleMs, warmUpMs, onStep }: CellOptions,
): Promise<CellResult[]> {
  const found: CellResult[] = [];
  for (const { bytes, inFlight } of cells) {
    const runsOf = (subject: SubjectProcess): Runs => ({ subject, results: [], ratios: [] });
    const own = runsOf(queue);
    const others = [service, ...peers].map(runsOf);
    for (const { subject } of [own, ...others]) {
      await subject.loop({ bytes, inFlight, durationMs: warmUpMs, whole: true });
    }
    for (let round = 1; round <= rounds; round++) {
      onStep(`${bytes} B, ${inFlight} in flight: round ${round} of ${rounds}`);
      const plan = { bytes, inFlight, durationMs: sampleMs, whole: false };
      for (const { subject, results, ratios } of others) {
        const base = await own.subject.loop(plan);
        const other = await subject.loop(plan);
        if (base !== undefined) own.results.push(base);
        if (other !== undefined) results.push(other);
        if (base !== undefined && other !== undefined) ratios.push(perSecond(base) / perSecond(other));
      }
    }
    const measured = [own, ...others].filter(({ results }) => results.length > 0);
    found.push({ bytes, inFlight, figures: measured.map(figuresOf) });
  }
  return found;
}

function figuresOf({ subject, results, ratios }: Runs): CellFigures {
  const spread = (of: (result: LoopResult) => number): Spread => spreadOf(results.map(of));
  const hasLatency = results[0]!.p50Us !== undefined;
  return {
    subject: subject.name,
    perSecond: spread(perSecond),
    cpuUs: spread(({ cpuUs, pairs }) => cpuUs / pairs),
    p50Us: hasLatency ? spread(({ p50Us }) => p50Us!) : undefined,
    p99Us: hasLatency ? spread(({ p99Us }) => p99Us!) : undefined,
    ratio: ratios.length === 0 ? undefined : spreadOf(ratios),
  };
}

function perSecond({ pairs, tookMs }: LoopResult): number {
  return (pairs / tookMs) * 1000;
}
