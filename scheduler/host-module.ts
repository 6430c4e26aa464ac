// The upward seam: what a thread of the scheduler expects of the module above that serves its requests. The scheduler
// imports none of it; it gets the module's URL as data.

import type { CallHead, CallReply } from '../runtime/call.ts';
import type { Random } from '../runtime/clock.ts';
import type { HeddleError } from '../runtime/errors.ts';
import type { FiberContext } from '../runtime/fiber/context.ts';
import type { FiberCalls, FiberOrigin } from '../runtime/fiber/host.ts';
import type { ThreadGates } from '../runtime/gates/thread-gates.ts';
import type { JobRun } from '../runtime/jobs.ts';
import type { LiveSettings } from '../runtime/live-settings.ts';
import type { Logger } from '../runtime/logger.ts';
import type { StrategyThread } from '../runtime/strategies.ts';
import type { MethodRow } from '../runtime/thread-control.ts';
import type { ThreadEndpoint } from '../runtime/thread-endpoint.ts';
import type { ConnectionRow } from '../runtime/thread-report.ts';
import type { ServedRow } from './pool-thread.ts';

/** One served method. */
export interface Processor {
  readonly service: string;
  readonly method: string;
  readonly reads: boolean;
  /** Nobody waits for its answer. */
  readonly oneWay: boolean;
  /** Handlers run inside AsyncLocalStorage. */
  readonly asyncContext: boolean;
  /** How this caller's body is read and its reply written. Throws HeddleError when there is no way. */
  form(head: CallHead): ProcessorForm;
  /** What a request is called, where that is not the row of its method; asked of `RunnerHost.tasks` alone. */
  nameOf?(head: CallHead): string | undefined;
}

export interface ProcessorForm {
  /** Reads the body (private memory) and calls the handler: its value, or a promise of it. */
  start(head: CallHead, fiber: FiberContext): unknown;
  /**
   * Writes a value into `reply`: source, body range, codec, fingerprint. The source is valid until the next encode.
   * Throws HeddleError when the value does not fit the contract.
   */
  encode(value: unknown, reply: CallReply): void;
  /** The error as the asker gets it. One that still has a cause is logged on this thread too. */
  failure?(error: HeddleError): HeddleError;
}

/** What a thread does with compressed bodies. Both run in the request's own time. */
export interface BodyCompression {
  /** Puts the plain body, in private memory, in the place of a compressed one; metadata in `head` is gone then. Throws HeddleError. */
  inflate(method: number, head: CallHead): void;
  /** Compresses the body of a reply, without metadata yet, if that pays. `accepted`: what the caller takes. Never throws. */
  deflate(method: number, accepted: number, reply: CallReply): void;
}

/** A request as those see it who are told of all that a thread takes. */
export interface ObservedRequest extends Pick<FiberOrigin, 'name' | 'depth' | 'traceWords' | 'traceFlags'> {
  /** Index in the process's method table. */
  readonly method: number;
}

/** Who is told of each request that a thread takes, those that it refuses too. */
export interface RequestObserver {
  /** Before anything of it runs; may set its trace. Undefined: what becomes of this one is of no interest. Must not throw. */
  taken(request: ObservedRequest, head: CallHead, pool: string): AnswerObserver | undefined;
}

/** Who is told how one request was answered: once, also when it was taken back, cut off or its fiber never ends. */
export interface AnswerObserver {
  /** `code`: 0, or an error code's number. Must not throw. */
  answered(code: number): void;
}

/** What the host module gives a thread. */
export interface RunnerHost {
  /** By `service/method`. */
  processors: ReadonlyMap<string, Processor>;
  tasks: Processor;
  calls: FiberCalls;
  log: Logger;
  /** Undefined: the process has none, or this thread serves nothing. */
  strategies?: StrategyThread | undefined;
  gates?: ThreadGates | undefined;
  /** Undefined: this thread neither compresses nor decompresses. */
  compression?: BodyCompression | undefined;
  /** Undefined: nobody is told. */
  observer?: RequestObserver | undefined;
  /** A request of this very thread was answered; `code` 0 is success. */
  onLocalReply(method: number, latencyMs: number, code: number): void;
}

/** The rest of a thread's work, where there is some: an IO thread's sockets and outgoing calls. */
export interface ThreadExtension {
  /** Before requests are taken; bounded; true when something was done. */
  turn(): boolean;
  onCancels(): void;
  /** When the process goes, and at each later turn of the routing table. */
  onTable(methods: MethodRow[]): void;
  /** With `go`, and on each reload. */
  onLive?(live: LiveSettings): void;
  onDrain(): void;
  /** IO threads: a run of a job to carry. */
  onJob?(run: JobRun): void;
  /** Open connections, for the admin. */
  connections?(): ConnectionRow[];
  /** A promise is waited for before the thread ends; it must not reject. */
  onStop(): void | Promise<void>;
}

/** A thread that wants to be told what to run. */
export interface HostedThread {
  readonly endpoint: ThreadEndpoint;
  /** Called once, before the thread says `ready`. */
  host(host: RunnerHost, extension?: ThreadExtension): void;
}

/** What the module at `hostUrl` exports. */
export interface HostModule {
  /** Loads the thread's services; resolves with what they serve. Throws what is wrong with them. */
  hostThread(thread: HostedThread, data: unknown, random: Random): Promise<ServedRow[]>;
}
