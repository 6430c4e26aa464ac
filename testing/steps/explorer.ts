// Explorer: runs the threads of a small world step by step, under every schedule or under random ones, with a death at
// any step. Threads are generators of operations on shared memory; a generator cannot be copied, so a state is reached
// again by running the world anew along its schedule, and states seen before are known by a hash of the shared memory
// and of what each thread has observed since it was last idle.
//
// A word that one thread alone touches, or that nobody writes, is no point to switch at: no other thread could tell. The
// words that are shared are found while exploring; when one turns out to be shared after all, the search begins again.

import type { Random } from '../../runtime/clock.ts';
import { everywhere, Run, type SwitchPoints } from './run.ts';
import type { StepOp } from './step-runtime.ts';
import type { Finding, SimThread, World } from './world.ts';

export interface Exploration {
  states: number;
  runs: number;
  /** True: every state within the bounds was visited. */
  complete: boolean;
  finding: Finding | undefined;
}

export interface ExploreOptions {
  maxMs?: number;
  /** Switches away from a thread that could have gone on; unbounded when left out. */
  maxPreemptions?: number;
}

/** Visits every state, depth first. */
export function explore(create: () => World, options: ExploreOptions = {}): Exploration {
  const shared = new SharedWords();
  const endMs = performance.now() + (options.maxMs ?? 60_000);
  const runOf = (world: World, traced = false): Run => {
    shared.name(world.memory);
    return new Run(world, shared, traced);
  };
  const told = (finding: Finding): Finding => runOf(create(), true).replay(finding.moves) ?? finding;
  // A few random runs find most of the words that are shared.
  for (let seed = 1; seed <= 20; seed++) {
    const finding = runOf(create()).toRest(lcg(seed), { death: 0.01, stall: 0 });
    if (finding !== undefined) return { states: 0, runs: seed, complete: false, finding: told(finding) };
  }
  let runs = 0;
  for (;;) {
    const known = shared.count;
    const visited = new Set<number>();
    const path: { pick: number; count: number }[] = [];
    let complete = true;
    for (;;) {
      if ((runs & 63) === 0 && performance.now() > endMs) {
        complete = false;
        break;
      }
      runs++;
      const finding = runOf(create()).along(path, visited, options.maxPreemptions);
      if (finding !== undefined) return { states: visited.size, runs, complete: false, finding: told(finding) };
      if (shared.count !== known) break;
      while (path.length > 0 && path.at(-1)!.pick + 1 >= path.at(-1)!.count) path.pop();
      if (path.length === 0) break;
      path.at(-1)!.pick++;
    }
    if (!complete || shared.count === known) return { states: visited.size, runs, complete, finding: undefined };
  }
}

export interface RandomExploration {
  steps: number;
  runs: number;
  deaths: number;
  requests: number;
  /** `run` counts from 1. */
  finding: (Finding & { run: number }) | undefined;
}

/** Random schedules until so many steps were done in all. The same `random` does the same again. */
export function exploreRandomly(
  create: () => World,
  random: Random,
  options: { steps: number; deathChance?: number; stallChance?: number; onTrace?: (trace: string[]) => void },
): RandomExploration {
  const chances = { death: options.deathChance ?? 0.005, stall: options.stallChance ?? 0.05 };
  const done: RandomExploration = { steps: 0, runs: 0, deaths: 0, requests: 0, finding: undefined };
  while (done.steps < options.steps) {
    const world = create();
    world.forHash = false;
    const run = new Run(world, everywhere, options.onTrace !== undefined);
    let finding = run.toRest(random, chances);
    options.onTrace?.(run.trace);
    // Once more, since only a run that is told keeps what it did.
    if (finding !== undefined) finding = replay(create, finding.moves, true) ?? finding;
    done.runs++;
    done.steps += run.steps;
    done.deaths += run.deaths;
    done.requests += world.requests ?? 0;
    if (finding !== undefined) return { ...done, finding: { ...finding, run: done.runs } };
  }
  return done;
}

/** Along moves of another run; what is not possible here is left out. */
export function replay(create: () => World, moves: readonly number[], traced = false): Finding | undefined {
  const world = create();
  world.forHash = false;
  return new Run(world, everywhere, traced).replay(moves);
}

/** Which words more than one thread touches, at least one of them writing. */
class SharedWords implements SwitchPoints {
  readonly #words = new Map<number, { owner: string; written: boolean; shared: boolean }>();
  readonly #memoryIds = new Map<ArrayBufferLike, number>();
  count = 0;

  has(op: StepOp): boolean {
    return this.#words.get(this.#key(op))?.shared === true;
  }

  /** A memory is known by its place in the world, not by what object it is in this run. */
  name(memories: readonly Int32Array[]): void {
    for (let place = 0; place < memories.length; place++) this.#memoryIds.set(memories[place]!.buffer, place + 1);
  }

  touch(thread: SimThread, op: StepOp): void {
    const key = this.#key(op);
    const word = this.#words.get(key);
    if (word === undefined) {
      this.#words.set(key, { owner: thread.name, written: op.writes, shared: false });
      return;
    }
    if (word.shared) return;
    if (op.writes) word.written = true;
    if (word.owner !== thread.name) word.owner = '';
    if (word.owner === '' && word.written) {
      word.shared = true;
      this.count++;
    }
  }

  #key(op: StepOp): number {
    const words = op.words!;
    return (this.#memoryIds.get(words.buffer) ?? 0) * 2 ** 24 + (words.byteOffset >> 2) + op.index;
  }
}

function lcg(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}
