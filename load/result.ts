// LoadResult: what a run has measured, as it is handed to pictures, tables and JSON.

import type { Latencies } from './latencies.ts';
import type { FailureCount, Slice } from './tally.ts';

export interface LoadResult {
  /** How long was measured, ms; shorter than asked for when the run was ended. 0: it was ended before. */
  measuredMs: number;
  /** It was ended by its signal. */
  isCutOff: boolean;
  /** That were up when the load began. */
  connections: number;
  connectionsWanted: number;
  /** Good ones, of requests that began in the measured time; likewise `failed`. */
  answers: number;
  failed: number;
  /** By code, the most frequent first. */
  failures: readonly FailureCount[];
  /** Good answers that came in the measured time, per second of it. */
  perSecond: number;
  /** Of good answers, and of requests that got none in time or by the end of the load, with the time they waited until then. */
  latencies: Latencies;
  /** The measured time in at most 60 equal slices; what came within each. */
  slices: readonly Slice[];
  /** Open loop: how much later than it was meant to each request was sent, which its latency includes. */
  sendDelays: Latencies;
  /** Open loop: requests of the measured time that began later than they were meant to, since `maxInFlight` were under way. */
  late: number;
  /** Open loop: requests that should have begun in the measured time and never did, since `maxInFlight` were under way to the end. */
  unsent: number;
  /** Requests that were under way when the run was ended: their latencies are what they had waited. */
  cutOff: number;
  /** Processor time of this process in the measured time, s; all its threads. */
  cpuSeconds: number;
  /** The part of it in which an open loop only looked at the clock, s; processor time. */
  spunSeconds: number;
}

/** From this share of one processor on, the generator may be what was measured: 0.9. */
export const saturatedShare = 0.9;

/** Processors that the generator was busy with: 1 is all that one thread can do. */
export function generatorShare({ cpuSeconds, spunSeconds, measuredMs }: LoadResult): number {
  return measuredMs === 0 ? 0 : Math.max(0, cpuSeconds - spunSeconds) / (measuredMs / 1000);
}
