// What the explorer asks of a world: threads that step, shared memory, deaths, and laws that are looked at on the way.

import type { Driver, StepOp } from './step-runtime.ts';

/** A thread of a world. */
export interface SimThread {
  readonly name: string;
  /** Restarts never reuse an object: a new incarnation is a new SimThread. */
  driver: Driver | undefined;
  pending: StepOp | undefined;
  /** Hash of what it has observed since `mark`. */
  digest: number;
  killable: boolean;
}

export function simThread(name: string, killable: boolean): SimThread {
  return { name, driver: undefined, pending: undefined, digest: 0, killable };
}

export interface World {
  /** May grow while it runs. */
  readonly threads: SimThread[];
  /** Shared memory that tells states apart. */
  readonly memory: readonly Int32Array[];
  /** Deaths that may still happen. */
  deaths: number;
  /** States are told apart: threads keep their digests. Random runs do without. */
  forHash?: boolean;
  /** A run that takes more steps than this never ends; undefined: 20,000. */
  readonly maxSteps?: number;
  /** Requests that were put so far, for the figures. */
  readonly requests?: number;
  /** What else tells states apart: outcomes, messages under way. */
  state(): number[];
  /** Kills a thread (`stopThread`) and lets whoever settles deaths know. */
  onKill(thread: SimThread): void;
  /** It holds something just now: random runs kill it here more often. */
  isCritical?(thread: SimThread): boolean;
  /** Makes `thread` the one whose globals and tasks are in use. */
  enter(thread: SimThread): void;
  /** Operations that are no points to switch at, though others touch their words: the world's abstraction. */
  isLocal?(thread: SimThread, op: StepOp): boolean;
  /** Looks at an operation that is about to be performed; throws Violation. */
  onOp?(thread: SimThread, op: StepOp): void;
  /** Looks at every state that schedules branch at; throws Violation. */
  check?(): void;
  /** When nothing can move any more; throws Violation. */
  atRest(): void;
  /** Stalls that may still happen: a thread stands still where it is until nothing else can move. Random runs only. */
  stalls?: number;
  /** Whether the operation that it is about to do is a place to stall at. */
  mayStall?(thread: SimThread): boolean;
  onStall?(thread: SimThread): void;
  /** Stands still now. */
  isStalled?(thread: SimThread): boolean;
  /** An operation in words, for traces. */
  describe?(op: StepOp, result: unknown): string | undefined;
}

/** It does nothing any more. */
export function stopThread(thread: SimThread): void {
  thread.driver = undefined;
  thread.pending = undefined;
  thread.digest = 0;
}

/** A law that does not hold. */
export class Violation extends Error {}

/** A violation as a run found it. */
export interface Finding {
  message: string;
  /** The steps that led there, in words. */
  trace: string[];
  /** The same for `Run.replay`. */
  moves: number[];
  /** Turns from one thread to another. */
  switches: number;
  steps: number;
}
