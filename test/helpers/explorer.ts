// Explorer: runs the threads of a small world step by step, under every schedule or under random ones, with a death at
// any step. Threads are generators of operations on shared memory; a generator cannot be copied, so a state is reached
// again by running the world anew along its schedule, and states seen before are known by a hash of the shared memory
// and of what each thread has observed since it was last idle.
//
// A word that one thread alone touches, or that nobody writes, is no point to switch at: no other thread could tell. The
// words that are shared are found while exploring; when one turns out to be shared after all, the search begins again.

import type { Random } from '../../runtime/clock.ts';
import {
  type Driver,
  HandOp,
  perform,
  resetUndriven,
  type StepOp,
  type StepResult,
  undrivenSteps,
} from './step-runtime.ts';

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
  /** What else tells states apart: outcomes, messages under way. */
  state(): number[];
  /** Kills a thread (`stopThread`) and lets whoever settles deaths know. */
  onKill(thread: SimThread): void;
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
}

/** It does nothing any more. */
export function stopThread(thread: SimThread): void {
  thread.driver = undefined;
  thread.pending = undefined;
  thread.digest = 0;
}

/** A law that does not hold. */
export class Violation extends Error {}

export interface Finding {
  message: string;
  /** The steps that led there. */
  trace: string[];
}

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

/** What may happen next, as one number: a thread's step and the way it takes, or its death. */
const deathWay = 255;
function moveOf(thread: number, way: number): number {
  return (thread << 8) | way;
}

const maxSteps = 20_000;

/** Visits every state, depth first. */
export function explore(create: () => World, options: ExploreOptions = {}): Exploration {
  const shared = new SharedWords();
  const endMs = performance.now() + (options.maxMs ?? 60_000);
  // A few random runs find most of the words that are shared.
  for (let seed = 1; seed <= 20; seed++) {
    const random = lcg(seed);
    const finding = new Run(create(), shared).toRest(random, 0.01);
    if (finding !== undefined) return { states: 0, runs: seed, complete: false, finding };
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
      const finding = new Run(create(), shared).along(path, visited, options.maxPreemptions);
      if (finding !== undefined) return { states: visited.size, runs, complete: false, finding };
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
  finding: (Finding & { run: number }) | undefined;
}

/** Random schedules until `maxSteps` steps were done in all. */
export function exploreRandomly(
  create: (random: Random) => World,
  random: Random,
  options: { steps: number; deathChance?: number; maxMs?: number },
): RandomExploration {
  const shared = new SharedWords(true);
  const endMs = performance.now() + (options.maxMs ?? 60_000);
  let steps = 0;
  let runs = 0;
  while (steps < options.steps && performance.now() < endMs) {
    runs++;
    const run = new Run(create(random), shared);
    const finding = run.toRest(random, options.deathChance ?? 0.005);
    steps += run.steps;
    if (finding !== undefined) return { steps, runs, finding: { ...finding, run: runs } };
  }
  return { steps, runs, finding: undefined };
}

/** Which words more than one thread touches, at least one of them writing. */
class SharedWords {
  /** Random runs switch everywhere. */
  readonly #all: boolean;
  readonly #words = new Map<number, { owner: string; written: boolean; shared: boolean }>();
  readonly #memoryIds = new Map<ArrayBufferLike, number>();
  count = 0;

  constructor(all = false) {
    this.#all = all;
  }

  has(op: StepOp): boolean {
    return this.#all || this.#words.get(this.#key(op))?.shared === true;
  }

  /** A memory is known by its place in the world, not by what object it is in this run. */
  name(memories: readonly Int32Array[]): void {
    if (this.#all) return;
    for (let place = 0; place < memories.length; place++) this.#memoryIds.set(memories[place]!.buffer, place + 1);
  }

  touch(thread: SimThread, op: StepOp): void {
    if (this.#all) return;
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

/** One run of a world. */
class Run {
  readonly #world: World;
  readonly #shared: SharedWords;
  /** Thread, operation (undefined: its death), result; made into words when there is something to tell. */
  readonly #trace: (SimThread | StepOp | StepResult)[] = [];
  #last = -1;
  #preemptions = 0;
  steps = 0;

  constructor(world: World, shared: SharedWords) {
    this.#world = world;
    this.#shared = shared;
    resetUndriven();
    shared.name(world.memory);
  }

  /** Follows `path`, then goes the first way and notes the others in `path`, up to a state that was visited. */
  along(path: { pick: number; count: number }[], visited: Set<number>, maxPreemptions?: number): Finding | undefined {
    let depth = 0;
    return this.#guarded(() => {
      for (;;) {
        const moves = this.#moves(maxPreemptions);
        if (moves.length === 0) return;
        let pick = 0;
        if (depth < path.length) {
          pick = path[depth]!.pick;
        } else {
          const hash = this.#hash();
          if (visited.has(hash)) return;
          visited.add(hash);
          path.push({ pick: 0, count: moves.length });
        }
        depth++;
        this.#do(moves[pick]!);
      }
    });
  }

  toRest(random: Random, deathChance: number): Finding | undefined {
    return this.#guarded(() => {
      for (;;) {
        const moves = this.#moves(undefined);
        if (moves.length === 0) return;
        const steps = moves.filter((move) => (move & 255) !== deathWay);
        const kills = moves.filter((move) => (move & 255) === deathWay);
        const kill = kills.length > 0 && (steps.length === 0 || random() < deathChance);
        if (steps.length === 0 && random() < 0.5) return;
        // Mostly goes on with one thread: long stretches with a few switches find more than noise does.
        const going = steps.find((move) => move >> 8 === this.#last);
        const from = kill ? kills : steps;
        this.#do(!kill && going !== undefined && random() < 0.6 ? going : from[Math.floor(random() * from.length)]!);
      }
    });
  }

  #guarded(body: () => void): Finding | undefined {
    try {
      body();
      return undefined;
    } catch (reason) {
      if (reason instanceof Error) {
        const message = reason instanceof Violation ? reason.message : `${reason.stack}`;
        return { message, trace: this.#steps() };
      }
      throw reason;
    }
  }

  #steps(): string[] {
    const steps: string[] = [];
    for (let at = 0; at < this.#trace.length; at += 3) {
      const [thread, op, result] = this.#trace.slice(at, at + 3);
      steps.push(describe(thread as SimThread, op as StepOp | undefined, result));
    }
    return steps;
  }

  /** All that may happen next, the thread that ran last first. At rest the world is checked. */
  #moves(maxPreemptions: number | undefined): number[] {
    const { threads } = this.#world;
    const moves: number[] = [];
    for (let index = 0; index < threads.length; index++) this.#advance(threads[index]!);
    this.#world.check?.();
    const last = threads[this.#last];
    // What a record holds is nobody else's business until it is published: only a death matters in the middle of it.
    const inRecord = last?.pending?.kind === 'record';
    const going = this.#last >= 0 && this.#addMoves(this.#last, moves);
    // Out of preemptions: a thread that is in the middle of something goes on alone.
    const alone = inRecord || (going && maxPreemptions !== undefined && this.#preemptions >= maxPreemptions);
    for (let index = 0; index < threads.length && !alone; index++)
      if (index !== this.#last) this.#addMoves(index, moves);
    if (moves.length === 0) this.#world.atRest();
    // A death that comes some steps of others later is the same as one now that is noticed later.
    if (this.#world.deaths > 0 && last?.killable === true && last.driver !== undefined) {
      moves.push(moveOf(this.#last, deathWay));
    }
    return moves;
  }

  /** True: the thread is in the middle of something, not between two tasks. */
  #addMoves(index: number, moves: number[]): boolean {
    const op = this.#world.threads[index]!.pending;
    if (op === undefined) return false;
    const ways = op.kind === 'wait' ? (op as HandOp).ways!() : 1;
    for (let way = 0; way < ways; way++) moves.push(moveOf(index, way));
    return op.kind !== 'wait';
  }

  /** Brings a thread to its next step that others can notice. */
  #advance(thread: SimThread): void {
    if (thread.driver !== undefined && thread.pending === undefined) this.#resume(thread, undefined);
    for (;;) {
      const op = thread.pending;
      if (op === undefined) return;
      if (op instanceof HandOp && op.eager && op.ways!() > 0) {
        this.#perform(thread, op);
        continue;
      }
      if (!op.isAtomic) return;
      if (this.#shared.has(op) && this.#world.isLocal?.(thread, op) !== true) return;
      this.#perform(thread, op);
    }
  }

  #do(move: number): void {
    const index = move >> 8;
    const way = move & 255;
    const thread = this.#world.threads[index]!;
    if (way === deathWay) {
      this.#trace.push(thread, undefined, undefined);
      this.#world.deaths--;
      this.#world.onKill(thread);
      return;
    }
    const op = thread.pending!;
    const { threads } = this.#world;
    const previous = threads[this.#last]?.pending;
    if (this.#last !== index && previous !== undefined && previous.kind !== 'wait') this.#preemptions++;
    this.#last = index;
    if (op.kind === 'wait') {
      thread.digest = mix(thread.digest, way + 1);
      this.#trace.push(thread, op, way);
      this.#resume(thread, way);
    } else {
      this.#perform(thread, op);
    }
  }

  #perform(thread: SimThread, op: StepOp): void {
    this.#world.onOp?.(thread, op);
    this.#world.enter(thread);
    const result = perform(op);
    if (op.isAtomic) {
      this.#shared.touch(thread, op);
      if (this.#shared.has(op)) thread.digest = mix(mix(thread.digest, op.index), Number(result ?? 0) + 3);
    } else {
      thread.digest = mix(thread.digest, 7);
    }
    this.#trace.push(thread, op, result);
    this.#resume(thread, result);
  }

  #resume(thread: SimThread, result: StepResult): void {
    if (++this.steps > maxSteps) throw new Violation(`no rest after ${maxSteps} steps: something goes on for ever`);
    this.#world.enter(thread);
    thread.pending = thread.driver!.next(result);
    if (undrivenSteps() !== 0) throw new Error('stepping code was called by code that does not step');
    if (thread.pending === undefined) thread.driver = undefined;
  }

  #hash(): number {
    let low = 0x9e3779b9 | 0;
    let high = 0x85ebca6b | 0;
    for (const words of this.#world.memory) {
      for (let index = 0; index < words.length; index++) {
        const word = words[index]!;
        if (word === 0) continue;
        low = mix(mix(low, index), word);
        high = Math.imul(high ^ word ^ (index << 7), 0x01000193) ^ (high >>> 15);
      }
      low = mix(low, 0x51ed);
      high = Math.imul(high ^ 0x27d4, 0x01000193);
    }
    for (const value of this.#world.state()) {
      low = mix(low, value | 0);
      high = Math.imul(high ^ (value | 0), 0x01000193) ^ (high >>> 13);
    }
    for (const thread of this.#world.threads) {
      const digest = thread.driver === undefined ? 0x7fff : thread.digest;
      low = mix(low, digest);
      high = Math.imul(high ^ digest, 0x01000193) ^ (high >>> 11);
    }
    low = mix(mix(low, this.#preemptions), this.#world.deaths);
    return (high & 0x1fffff) * 2 ** 32 + (low >>> 0);
  }
}

function describe(thread: SimThread, op: StepOp | undefined, result: StepResult): string {
  if (op === undefined) return `${thread.name} DIES`;
  if (op instanceof HandOp) return `${thread.name} ${op.kind} ${op.label} ${result ?? ''}`;
  if (op.kind === 'record') return `${thread.name} writes a record`;
  return `${thread.name} ${op.kind} ${op.words!.length}:${op.index} ${op.first} ${op.second} -> ${String(result)}`;
}

export function mix(hash: number, value: number): number {
  let mixed = Math.imul(hash ^ value, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed + 0x165667b1, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** Counters that steer nothing but statistics, or whose turn it is among equals. */
const unobserved = new Set(
  ['_turn', '_poolTurn', '_slabUsed', '_drainFrom', '_sentOnSide', 'answered', 'failed', 'refused', 'stale'].concat([
    'dropped',
    'nextMember',
  ]),
);

/** Hash of the numbers, flags and private arrays of an object: its state when no call is under way. */
export function digestOf(hash: number, owner: object): number {
  let digest = hash;
  for (const key in owner) {
    if (unobserved.has(key)) continue;
    const value: unknown = (owner as Record<string, unknown>)[key];
    if (typeof value === 'number') digest = mix(digest, value | 0);
    else if (typeof value === 'boolean') digest = mix(digest, value ? 1 : 2);
    else if (Array.isArray(value)) {
      digest = mix(digest, value.length);
      for (const one of value) digest = mix(digest, typeof one === 'number' ? one : one === undefined ? 5 : 6);
    } else if (value instanceof Int32Array || value instanceof Uint8Array || value instanceof Int8Array) {
      if (value.length > 256 || value.buffer instanceof SharedArrayBuffer) continue;
      for (const one of value) digest = mix(digest, one);
    }
  }
  return digest;
}

function lcg(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}
