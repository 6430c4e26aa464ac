// Run: one run of a world, step by step: along every branch of the explorer, by chance, or once more along moves that were
// noted. Threads are generators of operations; what is not an operation that others could notice happens in between.

import type { Random } from '../../runtime/clock.ts';
import { mix } from './digest.ts';
import { HandOp, perform, resetUndriven, type StepOp, type StepResult, undrivenSteps } from './step-runtime.ts';
import { type Finding, type SimThread, Violation, type World } from './world.ts';

/** Which words are worth a switch: others touch them too. */
export interface SwitchPoints {
  has(op: StepOp): boolean;
  touch(thread: SimThread, op: StepOp): void;
}

/** Each operation is one. */
export const everywhere: SwitchPoints = { has: () => true, touch: () => {} };

/** What may happen next, as one number: a thread's step and the way it takes, its death, or that it stands still here. */
const deathWay = 255;
const stallWay = 254;
function moveOf(thread: number, way: number): number {
  return (thread << 8) | way;
}

/** Of one run. */
const maxSteps = 20_000;
/** Steps of a violation that are told, the last ones. */
const traceSteps = 1_000;
/** A thread that is in the middle of something goes on with it: long stretches with a few switches find more than noise. */
const goOnChance = 0.6;
/** What a record holds is nobody else's business until it is published, or somebody has made a mistake. */
const goOnInRecordChance = 0.9;
/** How much more often a thread dies where it holds something. */
const criticalDeaths = 4;
const slowThreadChance = 0.5;
/** How often a slow thread is passed over when its turn comes, while others can go on. */
const slowness = 0.97;

export interface Chances {
  /** Of a death, for each step of a thread that may die. */
  death: number;
  stall: number;
}

export class Run {
  readonly #world: World;
  readonly #points: SwitchPoints;
  /** Thread, operation (undefined: its death), result; made into words when there is something to tell. */
  readonly #trace: (SimThread | StepOp | StepResult)[] | undefined;
  readonly #moves: number[] = [];
  #last = -1;
  #preemptions = 0;
  #switches = 0;
  steps = 0;
  deaths = 0;

  /** `traced`: a finding tells its steps; else its moves alone, which `replay` can follow once more. */
  constructor(world: World, points: SwitchPoints, traced = true) {
    this.#world = world;
    this.#points = points;
    this.#trace = traced ? [] : undefined;
    resetUndriven();
  }

  /** Follows `path`, then goes the first way and notes the others in `path`, up to a state that was visited. */
  along(path: { pick: number; count: number }[], visited: Set<number>, maxPreemptions?: number): Finding | undefined {
    let depth = 0;
    return this.#guarded(() => {
      for (;;) {
        const moves = this.#nextMoves(maxPreemptions);
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

  /** By chance, to the end. */
  toRest(random: Random, chances: Chances): Finding | undefined {
    const world = this.#world;
    const { threads } = world;
    const moves: number[] = [];
    // A thread that the machine neglects: what others do while it stands somewhere is what goes wrong.
    const slow = random() < slowThreadChance ? Math.floor(random() * threads.length) : -1;
    return this.#guarded(() => {
      for (;;) {
        this.#settle();
        const last = threads[this.#last];
        const pending = last?.pending;
        if (last !== undefined && pending !== undefined && pending.kind !== 'wait') {
          if (this.#mayDie(last) && random() < chances.death * criticalDeaths && this.#diesHere(last, random)) {
            this.#do(moveOf(this.#last, deathWay));
            continue;
          }
          if ((world.stalls ?? 0) > 0 && random() < chances.stall && world.mayStall!(last)) {
            this.#do(moveOf(this.#last, stallWay));
            continue;
          }
          if (random() < goOnChanceOf(pending, this.#last === slow) && !this.#stalls(last)) {
            this.#do(moveOf(this.#last, 0));
            continue;
          }
        }
        moves.length = 0;
        for (let index = 0; index < threads.length; index++) this.#addMoves(index, moves);
        // Anybody may die while others go on.
        const victim = world.deaths > 0 && random() < chances.death ? Math.floor(random() * threads.length) : -1;
        if (victim >= 0 && this.#mayDie(threads[victim]!)) {
          this.#do(moveOf(victim, deathWay));
        } else if (moves.length === 0) {
          world.atRest();
          if (last === undefined || !this.#mayDie(last) || random() < 0.5) return;
          this.#do(moveOf(this.#last, deathWay));
        } else {
          const others = moves.some((move) => move >> 8 !== slow);
          let move = -1;
          while (move < 0 || (others && move >> 8 === slow && random() < slowness)) {
            move = moves[Math.floor(random() * moves.length)]!;
          }
          this.#do(move);
        }
      }
    });
  }

  /** Along moves of another run of this world, or of one like it: what is not possible here is left out. */
  replay(noted: readonly number[]): Finding | undefined {
    const { threads } = this.#world;
    const moves: number[] = [];
    let at = 0;
    return this.#guarded(() => {
      for (;;) {
        this.#settle();
        moves.length = 0;
        for (let index = 0; index < threads.length; index++) this.#addMoves(index, moves);
        let next: number | undefined;
        while (next === undefined && at < noted.length) {
          const move = noted[at++]!;
          const thread = threads[move >> 8];
          const way = move & 255;
          if (way === deathWay ? thread !== undefined && this.#mayDie(thread) : moves.includes(move)) next = move;
          else if (way === stallWay && (this.#world.stalls ?? 0) > 0 && thread?.pending !== undefined) {
            if (this.#world.mayStall!(thread)) next = move;
          }
        }
        if (next === undefined) {
          if (moves.length === 0) {
            this.#world.atRest();
            return;
          }
          next = moves.find((move) => move >> 8 === this.#last) ?? moves[0]!;
        }
        this.#do(next);
      }
    });
  }

  #guarded(body: () => void): Finding | undefined {
    try {
      body();
      return undefined;
    } catch (reason) {
      if (!(reason instanceof Error)) throw reason;
      const message = reason instanceof Violation ? reason.message : `${reason.stack}`;
      return { message, trace: this.trace, moves: this.#moves, switches: this.#switches, steps: this.steps };
    }
  }

  /** What was done, in words. */
  get trace(): string[] {
    const steps: string[] = [];
    const trace = this.#trace ?? [];
    const first = Math.max(0, trace.length - 3 * traceSteps);
    if (first > 0) steps.push(`… ${first / 3} steps before`);
    for (let at = first; at < trace.length; at += 3) {
      const thread = trace[at] as SimThread;
      const op = trace[at + 1] as StepOp | 'stalls' | undefined;
      const result = trace[at + 2];
      if (op === undefined) steps.push(`${thread.name} DIES`);
      else if (op === 'stalls') steps.push(`${thread.name} STANDS STILL until nothing else can move`);
      else steps.push(`${thread.name} ${this.#world.describe?.(op, result) ?? describe(op, result)}`);
    }
    return steps;
  }

  /** Brings every thread to its next step that others can notice, and looks at the laws. */
  #settle(): void {
    const { threads } = this.#world;
    for (let index = 0; index < threads.length; index++) this.#advance(threads[index]!);
    this.#world.check?.();
  }

  /** All that may happen next, the thread that ran last first. At rest the world is checked. */
  #nextMoves(maxPreemptions: number | undefined): number[] {
    this.#settle();
    const { threads } = this.#world;
    const moves: number[] = [];
    const last = threads[this.#last];
    const inRecord = last?.pending?.kind === 'record';
    const going = this.#last >= 0 && this.#addMoves(this.#last, moves);
    // Out of preemptions: a thread that is in the middle of something goes on alone.
    const alone = inRecord || (going && maxPreemptions !== undefined && this.#preemptions >= maxPreemptions);
    for (let index = 0; index < threads.length && !alone; index++)
      if (index !== this.#last) this.#addMoves(index, moves);
    if (moves.length === 0) this.#world.atRest();
    // A death that comes some steps of others later is the same as one now that is noticed later.
    if (last !== undefined && this.#mayDie(last)) moves.push(moveOf(this.#last, deathWay));
    return moves;
  }

  #mayDie(thread: SimThread): boolean {
    return this.#world.deaths > 0 && thread.killable && thread.driver !== undefined;
  }

  #diesHere(thread: SimThread, random: Random): boolean {
    return this.#world.isCritical?.(thread) === true || random() < 1 / criticalDeaths;
  }

  #stalls(thread: SimThread): boolean {
    return this.#world.isStalled?.(thread) === true;
  }

  /** True: the thread is in the middle of something, not between two tasks. */
  #addMoves(index: number, moves: number[]): boolean {
    const thread = this.#world.threads[index]!;
    const op = thread.pending;
    if (op === undefined) return false;
    const ways = op.kind === 'wait' ? (op as HandOp).ways!() : this.#stalls(thread) ? 0 : 1;
    for (let way = 0; way < ways; way++) moves.push(moveOf(index, way));
    return op.kind !== 'wait';
  }

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
      if (this.#points.has(op) && this.#world.isLocal?.(thread, op) !== true) return;
      this.#perform(thread, op);
    }
  }

  #do(move: number): void {
    const index = move >> 8;
    const way = move & 255;
    const world = this.#world;
    const thread = world.threads[index]!;
    this.#moves.push(move);
    if (way === deathWay) {
      this.#trace?.push(thread, undefined, undefined);
      this.deaths++;
      world.deaths--;
      world.onKill(thread);
      return;
    }
    if (way === stallWay) {
      this.#trace?.push(thread, 'stalls', undefined);
      world.stalls!--;
      world.onStall!(thread);
      return;
    }
    const op = thread.pending!;
    const previous = world.threads[this.#last]?.pending;
    if (this.#last !== index) {
      this.#switches++;
      if (previous !== undefined && previous.kind !== 'wait') this.#preemptions++;
    }
    this.#last = index;
    if (op.kind === 'wait') {
      thread.digest = mix(thread.digest, way + 1);
      this.#trace?.push(thread, op, way);
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
      this.#points.touch(thread, op);
      if (this.#points.has(op)) thread.digest = mix(mix(thread.digest, op.index), Number(result ?? 0) + 3);
    } else {
      thread.digest = mix(thread.digest, 7);
    }
    this.#trace?.push(thread, op, result);
    this.#resume(thread, result);
  }

  #resume(thread: SimThread, result: StepResult): void {
    if (++this.steps > (this.#world.maxSteps ?? maxSteps)) {
      throw new Violation(`no rest after ${this.steps - 1} steps: something goes on for ever`);
    }
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

function goOnChanceOf(op: StepOp, isSlow: boolean): number {
  if (op.kind === 'record') return goOnInRecordChance;
  return isSlow ? goOnChance / 2 : goOnChance;
}

function describe(op: StepOp, result: StepResult): string {
  if (op instanceof HandOp) return op.kind === 'wait' ? `comes to: ${op.label} ${result ?? ''}` : op.label;
  if (op.kind === 'record') return 'writes a record';
  return `${op.kind} ${op.words!.length}:${op.index} ${op.first} ${op.second} -> ${String(result)}`;
}
