// Watchdog: ends a simulated run that stands still in real time: a handler that loops for ever comes back neither to the
// scheduler nor to the test, and nothing on its own thread can say so. A Worker of this thread looks at one word that each
// task changes (watchdog-thread.ts); when it has not moved for too long, it interrupts this thread by the inspector, which
// says here what runs, and ends the process: Node can't go on after an execution that was cut off anywhere.

import { writeSync } from 'node:fs';
import { url as debuggerUrl } from 'node:inspector';
import { threadId, Worker } from 'node:worker_threads';
import { moduleUrl } from '../../../runtime/module-url.ts';
import { tellName, type WatchData, watchBytes, watchWord } from './words.ts';

/** A run, to those who end it. */
export interface WatchedRun {
  readonly seed: number;
  /** What runs now, as a sentence, and how to see it again. */
  describe(): string;
}

interface Entered {
  readonly run: WatchedRun;
  /** 0: it is not watched. */
  readonly stuckAfterMs: number;
}

/** Real ms that one task of a simulated thread may take, with all that it brings about at once. Default of `stuckAfterMs`. */
export const stuckAfterMsDefault = 10_000;
/** Frames that are shown of the stack. */
const framesMax = 12;

export class Watchdog {
  readonly #memory = new SharedArrayBuffer(watchBytes);
  readonly #words = new Int32Array(this.#memory);
  #worker: Worker | undefined;
  /** The last one runs; another may have begun while it left the event loop to others. */
  readonly #entered: Entered[] = [];
  #task = 0;

  /** A run begins, or goes on. `stuckAfterMs`: Infinity: it is not watched. */
  enter(run: WatchedRun, stuckAfterMs: number): void {
    // Who stands at a breakpoint is not stuck.
    const isWatched = stuckAfterMs !== Number.POSITIVE_INFINITY && debuggerUrl() === undefined;
    if (isWatched) this.#worker ??= this.#hire();
    this.#entered.push({ run, stuckAfterMs: isWatched ? stuckAfterMs : 0 });
    this.#watchLast();
  }

  /** A task begins. */
  beat(): void {
    this.#task = (this.#task + 1) & 0x3fffffff;
    Atomics.store(this.#words, watchWord.task, this.#task + 1);
  }

  /** No task runs: the event loop is somebody else's. */
  rest(): void {
    Atomics.store(this.#words, watchWord.task, 0);
  }

  /** The run that was entered last has ended, or waits for its test. */
  leave(): void {
    this.#entered.pop();
    this.#watchLast();
  }

  #watchLast(): void {
    const words = this.#words;
    const { run, stuckAfterMs } = this.#entered.at(-1) ?? { run: undefined, stuckAfterMs: 0 };
    this.rest();
    if (run !== undefined) {
      Atomics.store(words, watchWord.seedLow, run.seed % 2 ** 32);
      Atomics.store(words, watchWord.seedHigh, Math.floor(run.seed / 2 ** 32));
    }
    Atomics.store(words, watchWord.limitMs, stuckAfterMs);
    Atomics.notify(words, watchWord.limitMs);
  }

  #hire(): Worker {
    Object.defineProperty(globalThis, Symbol.for(tellName), {
      value: (thread: number, task: number) => {
        if (thread === threadId) this.#tell(task);
      },
      configurable: true,
    });
    const worker = new Worker(moduleUrl('./watchdog-thread', import.meta.url), {
      name: 'heddle-watchdog',
      workerData: { words: this.#memory, threadId } satisfies WatchData,
      // What the test process preloads is of no use there.
      execArgv: [],
      env: {},
    });
    worker.unref();
    worker.on('error', (error) => {
      process.emitWarning(`simulated runs that never come back are not ended: their watchdog failed: ${String(error)}`);
    });
    return worker;
  }

  /** On top of the code that stands still. */
  #tell(task: number): void {
    const entered = this.#entered.at(-1);
    if (entered === undefined || Atomics.load(this.#words, watchWord.task) !== task) return;
    const { run, stuckAfterMs } = entered;
    const stack = stackHere().map((line) => `  ${line}\n`);
    const first = `the run of seed ${run.seed} stands still: for ${stuckAfterMs} ms of real time ${run.describe()}`;
    const nowhere = 'it is between two microtasks: a loop awaits what has been there all along\n';
    const where = stack.length === 0 ? nowhere : `it is here:\n${stack.join('')}`;
    writeSync(2, `\n${first}\n${where}${threadId === 0 ? 'The process' : 'This worker thread'} ends with code 1.\n`);
    Atomics.store(this.#words, watchWord.told, 1);
    process.exit(1);
  }
}

/** Of this real thread. */
export const watchdog: Watchdog = new Watchdog();

/** Frames of whoever was interrupted. */
function stackHere(): string[] {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 3 * framesMax;
  const lines = (new Error().stack ?? '').split('\n').slice(1);
  Error.stackTraceLimit = before;
  // Above it are this module and what the inspector evaluated.
  const evaluated = lines.findIndex((line) => line.includes('<anonymous>:1:'));
  return lines
    .slice(evaluated + 1)
    .filter((line) => !line.includes('(node:internal'))
    .slice(0, framesMax)
    .map((line) => line.trim());
}
