// LapWorld: one thread that puts and takes, lap after lap, while positions pass 2^31 and 2^32, at capacities up to those of
// real pools: each put and take ends, in order.

import type { RunQueue } from '../../runtime/shared/run-queue.ts';
import { Driver, run, type StepGenerator, type StepOp } from '../steps/step-runtime.ts';
import type { SteppingModules } from '../steps/steps.ts';
import { type SimThread, simThread, Violation, type World } from '../steps/world.ts';
import type { MemoryPool } from './memory-pool.ts';
import { WordNames } from './word-names.ts';

export interface LapWorldOptions {
  modules: SteppingModules;
  capacity: number;
  /** First position of the queue. */
  start: number;
  /** Requests that lie in the queue at once, at most the capacity. */
  depth: number;
  puts: number;
}

/** A put or a take that nobody disturbs ends within so many steps. */
const stepsPerCallMax = 60;

export function lapWorlds(options: LapWorldOptions, pool: MemoryPool): () => World {
  const start = options.modules.runQueue.RunQueue.allocate(options.capacity, options.start);
  return () => {
    pool.reset();
    return new LapWorld(options, pool.take(start.byteLength, start));
  };
}

class LapWorld implements World {
  readonly threads: SimThread[] = [simThread('P1', false)];
  readonly memory: Int32Array[];
  readonly maxSteps = Number.POSITIVE_INFINITY;
  deaths = 0;
  requests = 0;
  readonly #options: LapWorldOptions;
  readonly #queue: RunQueue;
  readonly #names: WordNames;
  /** Slots that were put, oldest first. */
  readonly #waiting: number[] = [];
  #stepsOfCall = 0;
  #isDone = false;

  constructor(options: LapWorldOptions, memory: SharedArrayBuffer) {
    const { modules, capacity } = options;
    this.#options = options;
    this.#queue = new modules.runQueue.RunQueue(memory, capacity, 1);
    this.#names = new WordNames(modules.layout);
    this.#names.queue(memory, 'p', capacity);
    this.memory = [this.#queue.words];
    this.threads[0]!.driver = new Driver(this.#putAndTake());
  }

  state(): number[] {
    return [this.requests];
  }

  onKill(): void {}
  enter(): void {}

  describe(op: StepOp, result: unknown): string | undefined {
    return this.#names.describe(op, result);
  }

  onOp(): void {
    if (++this.#stepsOfCall > stepsPerCallMax) {
      throw new Violation(`a put or take of a thread alone does not end: request ${this.requests}`);
    }
  }

  atRest(): void {
    if (!this.#isDone) throw new Violation('the thread is stuck');
  }

  *#putAndTake(): StepGenerator<void> {
    const { depth, puts, capacity } = this.#options;
    while (this.requests < puts || this.#waiting.length > 0) {
      if (this.requests < puts && this.#waiting.length < depth) yield* this.#put();
      else yield* this.#take();
      const size = yield* run(this.#queue.size(0));
      if (size < 0 || size > capacity) throw new Violation(`a queue of ${capacity} says that ${size} lie in it`);
    }
    this.#isDone = true;
  }

  *#put(): StepGenerator<void> {
    this.#stepsOfCall = 0;
    const at = yield* run(this.#queue.claim(0));
    if (at < 0) throw new Violation(`a queue of ${this.#options.capacity} is full with ${this.#waiting.length} in it`);
    yield* run(this.#queue.commit(at));
    this.#waiting.push(at);
    this.requests++;
  }

  *#take(): StepGenerator<void> {
    this.#stepsOfCall = 0;
    if (!(yield* run(this.#queue.hasWork(0)))) throw new Violation('the look before parking finds nothing to take');
    const at = yield* run(this.#queue.take(0));
    const first = this.#waiting.shift()!;
    if (at !== first)
      throw new Violation(at < 0 ? 'nothing is found to take' : 'requests are taken out of their order');
    yield* run(this.#queue.release(at));
  }
}
