// ThreadPool (main thread): the threads of one pool, IO or CPU: its generations that live. One is in use; beside it there
// may be one that loads, or takes a share of the calls (a canary), and those before it, which finish what they have. Pool
// `io` has one generation for ever.

import { HeddleError } from '../runtime/errors.ts';
import type { ToThread } from '../runtime/thread-control.ts';
import type { GenerationPlan, PoolOptions } from './pool-options.ts';
import type { PoolThread, ServedRow } from './pool-thread.ts';
import { ThreadGeneration } from './thread-generation.ts';

/** `PoolOptions`: of all its generations; `GenerationPlan`: of the first. */
export interface ThreadPoolOptions extends PoolOptions, Omit<GenerationPlan, 'spinMs'> {}

export class ThreadPool {
  readonly name: string;
  readonly #options: PoolOptions;
  /** Those that live, the oldest first. */
  readonly #generations: ThreadGeneration[] = [];
  #inUse: ThreadGeneration;
  #lastNumber = 0;
  #stopping = false;
  /** Of generations that have ended. */
  #pastRestarts = 0;

  constructor(options: ThreadPoolOptions) {
    this.name = options.name;
    this.#options = options;
    this.#inUse = this.#add(options);
  }

  /** What new calls go to. */
  get inUse(): ThreadGeneration {
    return this.#inUse;
  }

  /** The oldest first. */
  get generations(): readonly ThreadGeneration[] {
    return this.#generations;
  }

  /** Threads that take requests now. */
  get size(): number {
    return this.#generations.reduce((sum, { size }) => sum + size, 0);
  }

  /** Threads replaced since the start. */
  get restarts(): number {
    return this.#generations.reduce((sum, { restarts }) => sum + restarts, this.#pastRestarts);
  }

  /** Its threads die too often and none is left: its calls are answered UNAVAILABLE. */
  get down(): boolean {
    return this.#inUse.isDown(this.queue);
  }

  /** The queue that the generation in use takes from. */
  get queue(): string {
    return queueOf(this.#inUse);
  }

  /** As ThreadGeneration has it, of the first. */
  get lostAtStart(): string | undefined {
    return this.#inUse.lostAtStart;
  }

  get threads(): Iterable<PoolThread> {
    return this.#generations.flatMap(({ threads }) => [...threads]);
  }

  thread(number: number): PoolThread | undefined {
    return this.#of(number)?.thread(number);
  }

  /** The first generation: see ThreadGeneration. */
  spawn(): Promise<ServedRow[]> {
    return this.#inUse.spawn();
  }

  link(): Promise<void> {
    return this.#inUse.link();
  }

  go(): void {
    this.#inUse.go();
  }

  /** Another generation, which the caller takes through its start, and then puts to use or discards. */
  next(plan: (number: number) => GenerationPlan): ThreadGeneration {
    if (this.#stopping) throw new HeddleError('CANCELLED', 'the process stops: no thread is made any more');
    return this.#add(plan(this.#lastNumber + 1));
  }

  /** New calls go to this one from now on; returns the one before, which drains. */
  use(generation: ThreadGeneration): ThreadGeneration {
    const before = this.#inUse;
    this.#inUse = generation;
    before.drain();
    return before;
  }

  /** Posts a message to every thread that runs. */
  tell(message: ToThread): void {
    for (const generation of this.#generations) generation.tell(message);
  }

  /** As ThreadGeneration.replace; false for one of a generation that leaves. */
  async replace(number: number): Promise<boolean> {
    return (await this.#of(number)?.replace(number)) ?? false;
  }

  /** As ThreadGeneration.condemn. */
  condemn(number: number, as?: 'stalled' | 'overdue'): void {
    this.#of(number)?.condemn(number, as);
  }

  /** From here on no thread is replaced, and no generation made. */
  beginStop(): void {
    this.#stopping = true;
    for (const generation of this.#generations) generation.beginStop();
  }

  /** As ThreadGeneration.stop, of all. */
  async stop(graceMs: number): Promise<void> {
    this.beginStop();
    await Promise.all(this.#generations.map((generation) => generation.stop(graceMs)));
  }

  #add(plan: GenerationPlan): ThreadGeneration {
    const generation = new ThreadGeneration(++this.#lastNumber, this.#options, plan);
    this.#generations.push(generation);
    void generation.ended.then(() => {
      this.#generations.splice(this.#generations.indexOf(generation), 1);
      this.#pastRestarts += generation.restarts;
      this.#options.onEnded?.(this.name, generation.number);
    });
    return generation;
  }

  #of(thread: number): ThreadGeneration | undefined {
    return this.#generations.find((generation) => generation.thread(thread) !== undefined);
  }
}

/** The queue of a generation of a CPU pool: all its threads take from the same. */
export function queueOf({ plan }: ThreadGeneration): string {
  return plan.takes(0)[0]!;
}
