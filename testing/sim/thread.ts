// SimThread: one life of a thread in a simulation: its modules, its tasks in channels (an event loop with an order that the
// seed draws), its clock, its death. The Simulation (simulation.ts) says whose turn it is.
//
// States: `alive` until a death; `dying` was asked to end and does so before one of its next operations; `dead` from then on
// every operation of it throws and none of its tasks, timers and microtasks runs; `over` once what it left on the stack and
// among the microtasks has drained, so that nothing of it moves any more.

import type { Clock } from '../../runtime/clock.ts';
import type { Draws } from './draws.ts';
import type { DueEntry } from './due-list.ts';
import { isThreadStopped, threadStopped } from './failure.ts';
import type { Namespace } from './module-factory.ts';

export interface Task {
  label: string;
  run(): void;
}

/** Tasks that run one after another, in order. */
export class Channel {
  readonly name: string;
  readonly tasks: Task[] = [];
  isReady = false;

  constructor(name: string) {
    this.name = name;
  }
}

export type ThreadState = 'alive' | 'dying' | 'dead' | 'over';

/** What a thread needs of the run that it belongs to. */
export interface ThreadWorld {
  readonly seed: number;
  readonly nowMs: number;
  readonly draws: Draws;
  /** Timers of threads fire when they are due, and not a little late. */
  readonly isPunctual: boolean;
  after(delayMs: number, fire: () => void): DueEntry;
  trace(thread: string, what: string): void;
  /** `swapIf(board: park of io-1)`. */
  describe(operation: Operation): string;
  /** A thread is before an operation: time goes on, and others may run first. */
  onOperation(thread: SimThread, operation: Operation): void;
  onDead(thread: SimThread): void;
  /** An error that nobody caught. */
  onUncaught(thread: SimThread, error: unknown): void;
}

/** What others may notice; the object is used again for the next one. */
export interface Operation {
  /** `load`, `store`, `post` … */
  kind: string;
  /** In shared memory: the view, and which of its words. */
  words: Int32Array | undefined;
  index: number;
}

/** Operations that a thread which is to end may still do at most. */
const lastOperationsMax = 40;
/** How long it may take to end when it does none, ms. */
const lastMsMax = 4;

export class SimThread {
  readonly name: string;
  readonly index: number;
  readonly clock: Clock;
  /** Channels with tasks. */
  readonly ready: Channel[] = [];
  /** Its microtasks have not all run: no other task of it may. */
  isDirty = false;
  /** Its event loop stands still until then, ms. */
  stalledUntilMs = 0;
  /** Code of its own has kept it busy until then: its clock has gone on meanwhile, ms. */
  busyUntilMs = 0;
  /** How likely it is to be next, against others. */
  weight = 1;
  /** Tasks so far, and what the last one was called. */
  tasks = 0;
  lastTask = '';
  /** What it failed with, if that ended it. */
  failure: unknown;
  /** Operations so far, and the last one. */
  operations = 0;
  readonly operation: Operation = { kind: '', words: undefined, index: 0 };
  /** Told of an error that ends the thread, as `process` tells its monitors. */
  onCrash: ((error: unknown, origin: string) => void) | undefined;
  /** Dies before this one, or before one of which this is true. */
  dieAt = Number.POSITIVE_INFINITY;
  dieBefore: ((operation: Operation) => boolean) | undefined;
  /** How long it had nothing to do, ms. */
  idleMs = 0;
  readonly #world: ThreadWorld;
  readonly #bornMs: number;
  readonly #channels = new Map<string, Channel>();
  readonly #onExit: (() => void)[] = [];
  readonly #onEnd: (() => void)[] = [];
  #state: ThreadState = 'alive';
  #loader: ((url: string) => Namespace) | undefined;

  constructor(world: ThreadWorld, name: string, index: number) {
    this.#world = world;
    this.#bornMs = world.nowMs;
    this.name = name;
    this.index = index;
    this.clock = {
      nowMs: () => Math.max(world.nowMs, this.busyUntilMs),
      wallMs: () => wallOriginMs + Math.max(world.nowMs, this.busyUntilMs),
      setTimer: (delayMs, callback) => this.setTimer(delayMs, callback, 'timer'),
      clearTimer: (timer) => {
        if (timer !== undefined) (timer as DueEntry).wanted = false;
      },
    };
  }

  get state(): ThreadState {
    return this.#state;
  }

  get isAlive(): boolean {
    return this.#state === 'alive' || this.#state === 'dying';
  }

  get world(): ThreadWorld {
    return this.#world;
  }

  set loader(load: (url: string) => Namespace) {
    this.#loader = load;
  }

  /** As performance.eventLoopUtilization. */
  get utilization(): { idle: number; active: number; utilization: number } {
    const active = Math.max(0, this.#world.nowMs - this.#bornMs - this.idleMs);
    return { idle: this.idleMs, active, utilization: active / Math.max(1, active + this.idleMs) };
  }

  /** The module at a URL as this thread has it. */
  load<Exports>(url: string): Exports {
    return this.#loader!(url) as Exports;
  }

  /** Tasks of one channel run in order; of several, in any. */
  post(channel: string, label: string, run: () => void): void {
    if (!this.isAlive) return;
    let tasks = this.#channels.get(channel);
    if (tasks === undefined) {
      tasks = new Channel(channel);
      this.#channels.set(channel, tasks);
    }
    tasks.tasks.push({ label, run });
    if (tasks.isReady) return;
    tasks.isReady = true;
    this.ready.push(tasks);
  }

  /** The oldest task of one of its channels. */
  takeTask(draws: Draws): Task {
    const { ready } = this;
    const at = ready.length === 1 ? 0 : draws.below(ready.length);
    const channel = ready[at]!;
    const task = channel.tasks.shift()!;
    if (channel.tasks.length === 0) {
      channel.isReady = false;
      ready[at] = ready[ready.length - 1]!;
      ready.pop();
    }
    return task;
  }

  /** A timer of the thread: late by what the seed draws. */
  setTimer(delayMs: number, callback: () => void, label: string): DueEntry {
    const { draws } = this.#world;
    const kind = draws.random();
    const lateMs = this.#world.isPunctual
      ? 0
      : kind < 0.7
        ? draws.random() * 0.2
        : kind < 0.97
          ? draws.random() * 2
          : draws.random() * 20;
    // What is no number is 1 ms, as Node has it.
    const ms = Number.isNaN(delayMs) ? 1 : Math.max(0, delayMs);
    const timer: DueEntry = this.#world.after(ms + lateMs, () => {
      this.post('timers', label, () => {
        if (timer.wanted) callback();
      });
    });
    return timer;
  }

  /** Called before each operation that others may notice. Throws once the thread has died. */
  operate(kind: string, words: Int32Array | undefined, index: number): void {
    if (this.#state === 'dead' || this.#state === 'over') throw threadStopped;
    this.operations++;
    const { operation } = this;
    operation.kind = kind;
    operation.words = words;
    operation.index = index;
    if (this.operations >= this.dieAt || this.dieBefore?.(operation) === true) {
      this.kill(`before ${this.#world.describe(operation)}`);
      throw threadStopped;
    }
    this.#world.onOperation(this, operation);
    // It may have been ended while others ran.
    if (!this.isAlive) throw threadStopped;
  }

  /** Code of the thread that the event loop calls. */
  call(run: () => void): void {
    if (!this.isAlive) return;
    try {
      run();
    } catch (error) {
      if (!isThreadStopped(error)) this.#world.onUncaught(this, error);
    }
  }

  /** As Worker.terminate: it ends soon, wherever it is then. */
  terminate(): void {
    if (this.#state !== 'alive') return;
    this.#state = 'dying';
    const { draws } = this.#world;
    this.dieAt = Math.min(this.dieAt, this.operations + 1 + draws.below(lastOperationsMax));
    this.#world.after(draws.random() * lastMsMax, () => this.kill('was terminated'));
  }

  /** It stops now. */
  kill(how: string): void {
    if (!this.isAlive) return;
    this.#state = 'dead';
    this.#world.trace(this.name, `DIES: ${how}, after ${this.operations} operations`);
    this.ready.length = 0;
    this.#channels.clear();
    for (const end of this.#onEnd.splice(0)) end();
    this.#world.onDead(this);
  }

  /** For the Simulation alone: nothing of it moves any more. */
  leave(): void {
    this.#state = 'over';
    for (const exited of this.#onExit.splice(0)) exited();
  }

  /** At its death, whatever else still moves: what the operating system or Node would close. */
  onEnd(end: () => void): void {
    this.#onEnd.push(end);
  }

  /** Once nothing of it moves any more. */
  onExit(exited: () => void): void {
    this.#onExit.push(exited);
  }
}

/** Wall clock at the beginning of every run. */
const wallOriginMs = Date.UTC(2030, 0, 1);
