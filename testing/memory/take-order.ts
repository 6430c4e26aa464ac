// TakeOrder: in which order the slots of one lane may be taken, as laws over the operations that a world performs: within the
// window of the head; never past a slot that the taker's look has found free; and of two that the look has found ready, and
// that are due alike, the one that was put first.

import type { StepOp } from '../steps/step-runtime.ts';
import type { SteppingModules } from '../steps/steps.ts';
import { type SimThread, Violation } from '../steps/world.ts';

/** One record, in the order of positions. */
interface Put {
  /** Index of the slot's word. */
  readonly at: number;
  isTaken: boolean;
}

export class TakeOrder {
  readonly #layout: SteppingModules['layout'];
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #window: number;
  readonly #puts: Put[] = [];
  /** How many, from the first on, have been taken. */
  #taken = 0;
  /** What each thread has seen since it last read the head: the phase at a slot's word, if it was of that slot's lap. */
  readonly #seen = new Map<SimThread, Map<number, number>>();

  constructor(layout: SteppingModules['layout'], memory: SharedArrayBuffer, window: number) {
    this.#layout = layout;
    this.#words = new Int32Array(memory);
    this.#doubles = new Float64Array(memory);
    this.#window = window;
  }

  /** An operation on lane 0 is about to be performed; `isSlot`: on a slot, not on the hints. */
  onOp(thread: SimThread, op: StepOp, isSlot: boolean): void {
    const { lane, phases, phaseShift } = this.#layout;
    if (!isSlot) {
      if (op.kind === 'load' && op.index === lane.head) this.#seen.set(thread, new Map());
      return;
    }
    const phase = (word: number): number => (word >>> phaseShift) & 3;
    if (op.kind === 'load') this.#seen.get(thread)?.set(op.index, phase(this.#words[op.index]!));
    if (op.kind !== 'swapIf' || this.#words[op.index] !== op.first) return;
    if (phase(op.second) === phases.writing) this.#puts.push({ at: op.index, isTaken: false });
    if (phase(op.second) === phases.reading) this.#take(thread, op.index);
  }

  #take(thread: SimThread, at: number): void {
    const { phases } = this.#layout;
    const puts = this.#puts;
    const position = puts.findLastIndex((put) => put.at === at);
    const distance = position - this.#taken;
    if (distance >= this.#window) throw new Violation(`${thread.name} takes ${distance} behind the head`);
    const seen = this.#seen.get(thread);
    for (const passed of puts.slice(this.#taken, position)) {
      if (passed.isTaken) continue;
      const phase = seen?.get(passed.at);
      if (phase === phases.free) throw new Violation(`${thread.name} takes past a slot that it saw free`);
      if (phase === phases.ready && this.#dueMs(passed.at) <= this.#dueMs(at)) {
        throw new Violation(`${thread.name} takes past a request that was put before and is due as early`);
      }
    }
    puts[position]!.isTaken = true;
    while (puts[this.#taken]?.isTaken === true) this.#taken++;
  }

  #dueMs(at: number): number {
    return this.#doubles[(at + this.#layout.slot.deadline) >> 1]!;
  }
}
