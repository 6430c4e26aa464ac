// Simulation: threads of one run under a scheduler, a clock and faults that are drawn from a seed. One real thread runs all:
// the scheduler picks a simulated thread and one of its tasks, runs it, and goes on when the microtasks have drained. Before
// an operation on shared memory, a message or a bell, other threads' tasks may run first, on top of the stack: so a thread
// is stopped between any two operations while others go on. What that cannot reach, two threads' synchronous code in strict
// alternation, the memory worlds (testing/memory/) do.
//
// Virtual time goes on by a little with each task and operation, and jumps to the next timer when nothing can run. The same
// seed gives the same run, bit for bit.

import { alone } from './alone.ts';
import { Draws } from './draws.ts';
import { type DueEntry, DueList } from './due-list.ts';
import { isThreadStopped, SimFailure, threadStopped } from './failure.ts';
import { SourceModules, type Substitutes } from './modules.ts';
import type { SimulationOptions } from './simulation-options.ts';
import { type Operation, SimThread, type ThreadWorld } from './thread.ts';
import { threadGlobals } from './thread-globals.ts';
import { ThreadModules } from './thread-modules.ts';
import type { PendingTicks } from './thread-process.ts';
import { substitutes } from './thread-substitutes.ts';
import { Trace } from './trace.ts';
import { stuckAfterMsDefault, watchdog } from './watchdog/watchdog.ts';
import { WordNames } from './word-names.ts';

/** Virtual time that an operation and a task take at least, ms. */
const operationMs = 0.000_05;
const taskMs = 0.001;
/** Threads that are stopped on top of one another at most. */
const stopsMax = 4;
/** Tasks of other threads that run while one is stopped, at most. */
const tasksWhileStopped = 4;
/** How often a thread stands until the next timer, where nobody else can run, and how long at most, ms. */
const standsLonger = 0.3;
const standsMsMax = 3;
/** How fast a thread is, against others, and tasks after which it changes for one of them. */
const weights = [0.03, 0.3, 1, 1, 5] as const;
const stepsPerWeight = 50;
/** Tasks after which the real event loop goes round. */
const stepsPerTurn = 4_000;

export class Simulation implements ThreadWorld {
  readonly seed: number;
  readonly draws: Draws;
  readonly isPunctual: boolean;
  readonly threads: SimThread[] = [];
  readonly words = new WordNames();
  /** Called when nothing can run before time goes on by `gapMs`. */
  onIdle: ((gapMs: number) => void) | undefined;
  /** Called before each operation of every thread. */
  onEachOperation: ((thread: SimThread, operation: Operation) => void) | undefined;
  /** Whether an error that nobody of a thread caught, which ends that thread, is meant. Default: it is a failure of the run. */
  isMeant: ((error: unknown) => boolean) | undefined;
  readonly #scenario: unknown;
  readonly #operationsPerStop: number;
  readonly #maxSteps: number;
  readonly #stuckAfterMs: number;
  readonly #sources: SourceModules;
  readonly #substitutesOf: (thread: SimThread) => Substitutes;
  readonly #trace: Trace;
  readonly #due = new DueList();
  readonly #dead: SimThread[] = [];
  readonly #ticks: PendingTicks = { count: 0 };
  #nowMs = 1_000;
  #born = 0;
  #steps = 0;
  /** Times that nobody could run. */
  #advances = 0;
  #operations = 0;
  #stops = 0;
  #depth = 0;
  #untilStop: number;
  #failure: SimFailure | undefined;
  #wasIdle = false;
  #isAbandoned = false;
  /** Whose task was the last to begin. */
  #running: SimThread | undefined;

  constructor(options: SimulationOptions) {
    this.seed = options.seed;
    this.#scenario = options.scenario;
    this.#operationsPerStop = options.operationsPerStop ?? 40;
    this.#maxSteps = options.maxSteps ?? 400_000;
    this.#stuckAfterMs = options.stuckAfterMs ?? stuckAfterMsDefault;
    this.#sources = new SourceModules(options.edits);
    this.#substitutesOf = options.substitutesOf ?? (() => new Map());
    this.isPunctual = options.isPunctual ?? false;
    this.#trace = new Trace({ lines: options.traceLines ?? 400, onLine: options.onLine });
    this.draws = new Draws(options.seed, 'scheduler');
    this.#untilStop = this.#nextStop();
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Tasks so far. */
  get steps(): number {
    return this.#steps;
  }

  get operations(): number {
    return this.#operations;
  }

  /** Times that a thread was stopped between two operations. */
  get stops(): number {
    return this.#stops;
  }

  get traceHash(): string {
    return this.#trace.hash;
  }

  get failure(): SimFailure | undefined {
    return this.#failure;
  }

  /** A thread that begins now, with modules of its own. */
  thread(name: string): SimThread {
    const thread = new SimThread(this, name, this.#born++);
    this.threads.push(thread);
    const globals = threadGlobals(thread, this.#ticks);
    const own = new Map([...substitutes(thread, globals), ...this.#substitutesOf(thread)]);
    const modules = new ThreadModules(this.#sources, own, globals);
    thread.loader = (url) => modules.load(url);
    return thread;
  }

  /** A law is broken: the run ends with it. Throws, to leave whatever found it. */
  fail(law: string, sentence: string): never {
    this.#failure ??= new SimFailure({
      seed: this.seed,
      law,
      sentence,
      step: this.#steps,
      atMs: this.#nowMs,
      scenario: this.#scenario,
      trace: [...this.#trace.lines, `${law}: ${sentence}`],
    });
    throw threadStopped;
  }

  trace(thread: string, what: string): void {
    this.#trace.add(this.#nowMs, thread, what);
  }

  /** Of the hash of the trace, where they are too many to be shown. */
  traceBytes(bytes: Uint8Array): void {
    this.#trace.addBytes(bytes);
  }

  /** Of the run itself, not of a thread: it happens on time. */
  after(delayMs: number, fire: () => void): DueEntry {
    return this.#due.add(this.#nowMs + delayMs, fire);
  }

  /**
   * Runs until `isOver`; waits for other simulations of this real thread first. Rejects with SimFailure when a law breaks, or
   * when it does not come to that end.
   */
  async run(isOver: () => boolean): Promise<void> {
    await alone(
      () => this.#watched(isOver),
      (reason) => this.#crash('a promise that nobody handles', reason),
    );
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Whoever runs it has given it up: nothing of it happens any more. */
  abandon(): void {
    this.#isAbandoned = true;
  }

  describe({ kind, words, index }: Operation): string {
    return words === undefined ? kind : `${kind}(${this.words.nameOf(words, index)})`;
  }

  /** Code of the thread has kept it busy: for the thread so much time has passed, and for others it passes from now on. */
  keepBusy(thread: SimThread, ms: number): void {
    thread.busyUntilMs = thread.clock.nowMs() + ms;
    this.stall(thread, thread.busyUntilMs - this.#nowMs);
  }

  /** The thread's event loop stands still from now on. */
  stall(thread: SimThread, ms: number): void {
    thread.stalledUntilMs = Math.max(thread.stalledUntilMs, this.#nowMs + ms);
    // So that time comes to it.
    this.after(ms, () => {});
  }

  onOperation(thread: SimThread, operation: Operation): void {
    this.#operations++;
    this.onEachOperation?.(thread, operation);
    this.#nowMs += operationMs;
    if (--this.#untilStop > 0) return;
    this.#untilStop = this.#nextStop();
    if (this.#depth < stopsMax && this.#failure === undefined) this.#stop(thread, operation);
  }

  onDead(thread: SimThread): void {
    this.#dead.push(thread);
  }

  onUncaught(thread: SimThread, error: unknown): void {
    thread.failure = error;
    this.trace(thread.name, `nobody caught ${String(error)}`);
    if (this.isMeant?.(error) !== true) this.#crash(thread.name, error);
    thread.onCrash?.(error, 'uncaughtException');
    thread.kill('an error that nobody caught');
  }

  async #watched(isOver: () => boolean): Promise<void> {
    watchdog.enter({ seed: this.seed, describe: () => this.#runningText() }, this.#stuckAfterMs);
    try {
      await this.#runTasks(isOver);
    } finally {
      watchdog.leave();
    }
  }

  #runningText(): string {
    if (this.#running === undefined) return 'it has not come to its first task';
    const { name, lastTask } = this.#running;
    return `${name} has not come back from "${lastTask}" (task ${this.#steps}, at ${this.#nowMs.toFixed(3)} virtual ms)`;
  }

  #runTasks(isOver: () => boolean): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      let left = stepsPerTurn;
      const step = (): void => {
        // A tick of a thread comes before any other task of it.
        if (this.#ticks.count > 0) {
          afterMicrotasks(step);
          return;
        }
        let isIdle = false;
        try {
          this.#settle();
          if (this.#failure !== undefined || this.#isAbandoned || isOver()) {
            resolve();
            return;
          }
          isIdle = this.#step();
        } catch (error) {
          if (!isThreadStopped(error)) {
            reject(error);
            return;
          }
        }
        if (--left > 0 && !isIdle) {
          afterMicrotasks(step);
        } else {
          left = stepsPerTurn;
          watchdog.rest();
          setImmediate(step);
        }
      };
      setImmediate(step);
    });
  }

  #crash(where: string, error: unknown): void {
    try {
      this.fail('no crash', `${where} threw ${error instanceof Error ? error.stack : String(error)}`);
    } catch {}
  }

  /** All microtasks have run. */
  #settle(): void {
    for (const thread of this.threads) thread.isDirty = false;
    if (this.#dead.length === 0) return;
    for (const thread of this.#dead.splice(0)) thread.leave();
    for (let at = this.threads.length - 1; at >= 0; at--) if (!this.threads[at]!.isAlive) this.threads.splice(at, 1);
  }

  /** Runs a task, or lets time go on; true: nobody can run, and it has done neither, so that Node may tell of rejections first. */
  #step(): boolean {
    this.#fireDue();
    const thread = this.#next();
    if (thread === undefined && !this.#wasIdle) {
      this.#wasIdle = true;
      return true;
    }
    this.#wasIdle = false;
    if (this.#steps % stepsPerWeight === 0) this.draws.pick(this.threads).weight = this.draws.pick(weights);
    if (thread !== undefined) this.#execute(thread);
    else this.#advance();
    return false;
  }

  #fireDue(): void {
    for (let entry = this.#due.takeDue(this.#nowMs); entry !== undefined; entry = this.#due.takeDue(this.#nowMs)) {
      entry.fire();
    }
  }

  /** Whose turn it is; undefined: nobody can run. */
  #next(): SimThread | undefined {
    let total = 0;
    for (const thread of this.threads) if (this.#canRun(thread)) total += thread.weight;
    if (total === 0) return undefined;
    let at = this.draws.random() * total;
    let last: SimThread | undefined;
    for (const thread of this.threads) {
      if (!this.#canRun(thread)) continue;
      last = thread;
      at -= thread.weight;
      if (at < 0) break;
    }
    return last;
  }

  #canRun(thread: SimThread): boolean {
    return thread.ready.length > 0 && !thread.isDirty && thread.isAlive && thread.stalledUntilMs <= this.#nowMs;
  }

  #execute(thread: SimThread): void {
    this.#steps++;
    this.#checkSteps();
    watchdog.beat();
    this.#nowMs += taskMs * (1 + this.draws.random());
    const task = thread.takeTask(this.draws);
    this.trace(thread.name, `${'| '.repeat(this.#depth)}${task.label}`);
    thread.isDirty = true;
    thread.tasks++;
    thread.lastTask = task.label;
    this.#running = thread;
    thread.call(task.run);
  }

  #checkSteps(): void {
    if (this.#steps + this.#advances <= this.#maxSteps) return;
    const [busiest] = this.threads.toSorted((one, other) => other.tasks - one.tasks);
    const who = `${busiest?.name} had most of them, ${busiest?.tasks}; its last one: ${busiest?.lastTask}`;
    this.fail('ends', `after ${this.#maxSteps} tasks the run has not come to its end; ${who}`);
  }

  /** Nobody can run: on to the next instant at which somebody can. */
  #advance(): void {
    this.#advances++;
    this.#checkSteps();
    const nextMs = this.#due.nextMs;
    if (nextMs === Number.POSITIVE_INFINITY)
      this.fail('ends', 'nothing will ever happen again, and the run is not over');
    const gapMs = nextMs - this.#nowMs;
    for (const thread of this.threads) if (thread.stalledUntilMs <= this.#nowMs) thread.idleMs += gapMs;
    this.onIdle?.(gapMs);
    this.#nowMs = nextMs;
    this.#fireDue();
  }

  /** Others run while `thread` stands before its operation. */
  #stop(thread: SimThread, operation: Operation): void {
    let count = 1 + this.draws.below(tasksWhileStopped);
    let told = false;
    this.#depth++;
    for (; count > 0 && this.#failure === undefined && thread.isAlive; count--) {
      const other = this.#next() ?? this.#laterNext();
      if (other === undefined) break;
      if (!told) {
        told = true;
        this.#stops++;
        this.trace(thread.name, `${'| '.repeat(this.#depth - 1)}stands before ${this.describe(operation)}`);
      }
      this.#execute(other);
      this.#running = thread;
    }
    this.#depth--;
    if (this.#failure !== undefined) throw threadStopped;
  }

  /** Nobody can run while a thread stands: now and then it stands for longer. */
  #laterNext(): SimThread | undefined {
    const { nextMs } = this.#due;
    if (nextMs - this.#nowMs > standsMsMax || !this.draws.chance(standsLonger)) return undefined;
    this.#nowMs = Math.max(this.#nowMs, nextMs);
    this.#fireDue();
    return this.#next();
  }

  #nextStop(): number {
    if (this.#operationsPerStop === 0) return Number.POSITIVE_INFINITY;
    return 1 + Math.floor(this.draws.wait(this.#operationsPerStop));
  }
}

/** Calls back once no microtask is left: a tick that is asked for in a microtask comes behind them all. */
function afterMicrotasks(callback: () => void): void {
  queueMicrotask(() => process.nextTick(callback));
}
