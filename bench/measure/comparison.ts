// Comparison: what is compared, and what came out, as plain data: for tables, goals, JSON and pictures.

import type { Load, LoadFigures } from './client-process.ts';
import type { Spread } from './pairs.ts';

export interface CompareOptions {
  /** Its name: told to servers and clients, which may know several. */
  readonly scenario: string;
  /** Heddle's own sides, one or more ways to serve the same. */
  readonly own: readonly OwnSide[];
  /** Names of folders of bench/peers/. */
  readonly peers: readonly string[];
  readonly shapes: readonly Shape[];
  /** Runs of each side in each shape. Default 5. */
  readonly rounds?: number;
  /** For all of it, starts and installing apart, s. */
  readonly seconds: number;
  /** What servers and clients are told beside; plain data. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** Whether calls may fail and are only counted; default: a failed call fails its side. */
  readonly mayFail?: boolean;
  readonly onStep: (step: string) => void;
}

export interface OwnSide {
  /** `heddle`, or `heddle, IO thread` where there are two. */
  readonly name: string;
  /** A file: URL of a script that calls serveBench, and one of a ClientModule. */
  readonly server: string;
  readonly client: string;
  /** Of this side's server and client alone, over those of the scenario. */
  readonly params?: Readonly<Record<string, unknown>>;
}

export interface Shape {
  /** `256/8`. */
  readonly name: string;
  readonly connections: number;
  /** All at once. Latencies of a shape are those of the first. */
  readonly loads: readonly Load[];
  /** For the client alone, over those of the scenario. */
  readonly params?: Readonly<Record<string, unknown>>;
}

/** A closed loop of one kind of call. */
export function closedShape(inFlight: number, connections: number): Shape {
  return {
    name: `${inFlight}/${connections}`,
    connections,
    loads: [{ kind: 'call', shape: { kind: 'closed', inFlight } }],
  };
}

/** One run of one side. */
export interface Sample {
  /** Server CPU µs by right answer, of all loads together. */
  readonly cpuUs: number;
  /** Of the server at its end, 10^6 bytes. */
  readonly rssMb: number;
  readonly loads: readonly LoadFigures[];
}

export interface Comparison {
  readonly rounds: number;
  readonly sampleMs: number;
  readonly warmUpMs: number;
  /** Of packages, by side. */
  readonly versions: Readonly<Record<string, string>>;
  readonly shapes: readonly ShapeFigures[];
  readonly notRun: readonly NotRun[];
}

export interface ShapeFigures {
  readonly name: string;
  readonly sides: readonly SideFigures[];
}

/** Over the rounds. */
export interface SideFigures {
  readonly side: string;
  readonly isOwn: boolean;
  /** Server CPU µs per request: user and system time, all threads and processes that serve. */
  readonly cpuUs: Spread;
  /** Of all loads together; latencies are those of the first. */
  readonly perSecond: Spread;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
  readonly p999Ms: Spread;
  readonly rssMb: Spread;
  /** Processors that the client was busy with: near 1 it may be what was measured. */
  readonly clientShare: Spread;
  /** Of peers, by own side's name: own by peer. Empty for own sides. */
  readonly ratios: Readonly<Record<string, Ratios>>;
  readonly samples: readonly Sample[];
}

/** Heddle's figure by the peer's, round by round: below 1 it needs less. */
export interface Ratios {
  readonly cpuUs: Spread;
  readonly perSecond: Spread;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
}

export interface NotRun {
  readonly side: string;
  /** Undefined: in none. */
  readonly shape: string | undefined;
  readonly reason: string;
}
