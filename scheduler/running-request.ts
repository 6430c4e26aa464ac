// RunningRequest: one request that this thread runs, from take to reply; what its fiber was started for. It remembers
// whose it is, so that the reply finds its asker and a cancel is seen.

import type { CallHead, CallSender, ReplySink } from '../runtime/call.ts';
import { callFlags } from '../runtime/call.ts';
import { acceptedCompression } from '../runtime/compression-byte.ts';
import type { Fiber } from '../runtime/fiber/fiber.ts';
import type { FiberOrigin, HostedFiber } from '../runtime/fiber/host.ts';
import type { Route } from '../runtime/shared/asker.ts';
import type { Link } from '../runtime/shared/link.ts';
import { isMine } from '../runtime/shared/request-table.ts';
import type { ServiceLoad } from '../runtime/shared/service-loads.ts';
import type { TimerTarget } from '../runtime/timer-wheel.ts';
import type { AnswerObserver, Processor, ProcessorForm } from './host-module.ts';

/** Marks the end of a cancelled handler's grace among a request's entries in the wheel. */
export const graceTag = 1;

/** Who hears of its life: the RequestRunner. */
export interface RequestOwner {
  readonly number: number;
  /** A local request was not answered by its deadline. */
  late(request: RunningRequest): void;
  entering(request: RunningRequest, fiber: HostedFiber, nowMs: number): void;
  /** Its fiber was asked to stop, and has not ended. */
  stopping(request: RunningRequest): void;
  /** It had its grace, and still runs. */
  overstayed(request: RunningRequest): void;
  ended(request: RunningRequest, root: HostedFiber): void;
}

/** Who started requests of this very thread (pool `io`). */
export interface LocalRequests {
  /** Its answer is about to be given, or is no longer wanted. Called once. */
  localEnded(request: RunningRequest): void;
}

export class RunningRequest implements FiberOrigin, TimerTarget {
  readonly name: string;
  readonly deadlineMs: number;
  readonly priority: number;
  traceWords: Uint32Array | undefined;
  traceFlags: number;
  readonly metadataSource: Buffer;
  readonly metadataStart: number;
  readonly metadataEnd: number;
  readonly depth: number;
  readonly asyncContext: boolean;
  readonly oneWay: boolean;
  readonly codec: number;
  /** The compression that its caller takes in the reply; 0: none. */
  readonly acceptedCompression: number;
  readonly callIdHigh: number;
  readonly callIdLow: number;
  /** Index in the process's method table. */
  readonly method: number;
  processor: Processor | undefined = undefined;
  /** Set once the way to read the body is known. */
  form: ProcessorForm | undefined = undefined;
  fiber: Fiber | undefined = undefined;
  /** Where its wait and its run are counted; undefined: nobody looks. */
  load: ServiceLoad | undefined = undefined;
  /** Until it is answered. */
  observer: AnswerObserver | undefined = undefined;
  startedMs = 0;
  bodyHash = 0;
  /** The end of its grace in the thread's wheel; -1: none. */
  graceEntry = -1;
  /** Where it stands in its owner's list. */
  place = -1;

  /** From a queue: the asker's link. */
  link: Link | undefined = undefined;
  request = 0;
  generation = 0;

  /** From this very thread (pool `io`): who gets the reply; undefined once it is not wanted. */
  sink: ReplySink | undefined = undefined;
  tag = 0;
  local: LocalRequests | undefined = undefined;
  /** What it counts against, and the name that `local` gave it. */
  route: Route | undefined = undefined;
  handle = 0;
  /** The connection of a one-way one, which counts it until it has ended. */
  sender: CallSender | undefined = undefined;
  /** Its deadline's entry in the thread's wheel; -1: none. */
  deadlineEntry = -1;

  readonly #owner: RequestOwner;

  constructor(owner: RequestOwner, name: string, asyncContext: boolean, head: CallHead, method: number) {
    this.#owner = owner;
    this.name = name;
    this.deadlineMs = head.deadlineMs;
    this.priority = head.priority;
    const { trace } = head;
    this.traceWords = trace[0] === 0 && trace[1] === 0 && trace[2] === 0 && trace[3] === 0 ? undefined : trace.slice();
    this.traceFlags = head.traceFlags;
    this.metadataSource = head.source;
    this.metadataStart = head.metadataStart;
    this.metadataEnd = head.metadataEnd;
    this.depth = head.depth;
    this.asyncContext = asyncContext;
    this.oneWay = (head.flags & callFlags.oneWay) !== 0;
    this.codec = head.codec;
    this.acceptedCompression = acceptedCompression(head.compression);
    this.callIdHigh = head.callIdHigh;
    this.callIdLow = head.callIdLow;
    this.method = method;
  }

  entering(fiber: HostedFiber, nowMs: number): void {
    this.#owner.entering(this, fiber, nowMs);
  }

  stopping(): void {
    this.#owner.stopping(this);
  }

  /** Tells its observer; only the first answer counts. */
  answered(code: number): void {
    const { observer } = this;
    if (observer === undefined) return;
    this.observer = undefined;
    observer.answered(code);
  }

  isWanted(): boolean {
    if (this.link === undefined) return this.sink !== undefined;
    return isMine(this.link.table, this.request, this.generation, this.#owner.number);
  }

  ended(root: HostedFiber): void {
    this.#owner.ended(this, root);
  }

  /** Its grace is over, or a local request's deadline has come (TimerTarget). */
  onTimer(tag: number): void {
    if (tag === graceTag) {
      this.graceEntry = -1;
      this.#owner.overstayed(this);
      return;
    }
    this.deadlineEntry = -1;
    this.#owner.late(this);
  }
}
