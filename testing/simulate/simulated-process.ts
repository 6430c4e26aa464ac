// SimulatedProcess: what a test has of the process that it simulates: clients to call it with, time to let pass, backends,
// and what may go wrong with it.

import type { ClientMethods, ConnectOptions } from '../../net/client/connect.ts';
import type { Contract } from '../../net/service/contract.ts';
import type { ErrorCode } from '../../runtime/errors.ts';

/** Options of a simulated caller: those of `connect`, whose target is the simulated process. */
export type SimClientOptions = Omit<ConnectOptions, 'target' | 'addresses' | 'naming' | 'host' | 'log'>;

/** A service that the simulated process calls, as a test may change it. */
export interface BackendControl {
  /** Calls that it has got. */
  readonly calls: number;
  /** Answers come so much later, virtual ms. */
  slow(byMs: number): void;
  /** Calls fail. Default UNAVAILABLE. */
  fail(code?: ErrorCode, message?: string): void;
  /** Calls wait until `recover`. */
  hang(): void;
  /** It is well again, and answers what had to wait. */
  recover(): void;
}

/**
 * A simulated process; `simulate` makes it. Whatever returns a promise lets virtual time go on until that settles; while a
 * test awaits nothing of it, time stands. Between, await nothing else: how long that takes no seed can say.
 */
export interface SimulatedProcess extends AsyncDisposable {
  /** Of this run. */
  readonly seed: number;
  /** Virtual time, ms. */
  readonly nowMs: number;
  /** Names of the process's threads that live: `io-1`, `default-2`. */
  readonly threads: readonly string[];
  /** What has happened so far, the last 2,000 lines at least: calls, fibers, logs, faults, deaths. */
  readonly trace: readonly string[];
  /** Of every task, message and stop so far: two runs of the same seed have the same. */
  readonly traceHash: string;
  /** What broke this run: SimFailure, for a law; undefined: nothing has. */
  readonly failure: unknown;

  /**
   * A caller of a service of the process, in a process of its own: the stand-alone client over simulated sockets. Its methods
   * are the contract's. A call that nobody awaits goes on all the same, and its error is nobody's.
   */
  client<Service extends Contract>(contract: Service, options?: SimClientOptions): ClientMethods<Service>;
  /** Lets so much virtual time pass, ms. */
  advance(delayMs: number): Promise<void>;
  /** Lets virtual time pass until a condition is true. Throws DEADLINE_EXCEEDED when it is not within `withinMs`, virtual ms. Default 60,000. */
  until(condition: () => boolean, options?: { withinMs?: number }): Promise<void>;
  /** The backend of a service that was given to `simulate`. Throws NOT_FOUND. */
  backend(contract: Contract): BackendControl;
  /** Ends a thread at once, wherever it is, as a crash would; another takes its place. Throws NOT_FOUND. */
  kill(thread: string): void;
  /** A thread stands still for so long, virtual ms, as if its code did not return. Throws NOT_FOUND. */
  stall(thread: string, ms: number): void;
  /** Breaks all connections that there are: those of callers, and those to backends. */
  disconnect(): void;
  /** Sets the level of a strategy by hand, as an operator does; undefined: signals decide again. Resolves when threads have heard of it. */
  setLevel(strategy: string, level: number | undefined): Promise<void>;
  /**
   * Ends the run: faults end and backends recover, all calls of the test are answered, the laws are looked at, and the process
   * stops as on SIGTERM. Rejects with SimFailure when a law is broken, or was. Idempotent; `await using` calls it.
   */
  close(): Promise<void>;
}
