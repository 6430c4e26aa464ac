// RunQueue: bounded many-to-many rings of slots, one ring (lane) for each priority class and one for nested calls. Askers
// put on their threads, the pool's threads take on theirs, the supervisor (main) settles what a dead thread held. Any
// thread may die at any instruction.
//
//            swap by the putter               store                     swap by the taker               store
//  (lap,FREE,0) ───────────► (lap,WRITING,me) ─────► (lap,READY,0) ───────────► (lap,READING,me) ─────► (lap+1,FREE,0)
//                                │ owner died: settle                                │ owner died: settle
//                                └─ voids the record, (lap,READY,0)                  └─ tells the asker, (lap+1,FREE,0)
//
// head and tail are hints: whoever moved a slot on, or finds it moved on, helps them. A word that is WRITING or READING
// is moved by its owner alone, so commit, release and settle (after the owner's death) need no swap.

import { load, store, swapIf } from './atomics.ts';
import {
  checkPowerOfTwo,
  lane as laneAt,
  laneCount,
  laneWords,
  lapBitsMax,
  lapShift,
  phaseShift,
  phases,
  runQueueBytes,
  slot as slotAt,
  slotRecordWords,
  slotWords,
} from './layout.ts';

/** How far behind the head a taker looks past slots that are still being written. */
export const takeWindow = 8;

/** What a dead taker held when it died. */
export interface LostSlot {
  asker: number;
  request: number;
  generation: number;
  block: number;
  blockGeneration: number;
}

export class RunQueue {
  readonly memory: SharedArrayBuffer;
  readonly capacity: number;
  /** All words; slots are named by the index of their first word. */
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly bytes: Buffer;
  readonly #me: number;
  readonly #mask: number;
  readonly #shift: number;
  readonly #lapMask: number;
  readonly #lapSignShift: number;
  readonly #laneWords: number;
  readonly #window: number;

  /** `start`: the first position, for tests near 2^31 and 2^32. */
  static allocate(capacity: number, start = 0): SharedArrayBuffer {
    const memory = new SharedArrayBuffer(runQueueBytes(capacity));
    const queue = new RunQueue(memory, capacity, 0);
    if (start !== 0) queue.#startAt(start | 0);
    return memory;
  }

  /** `me`: the number of the thread that uses this object. */
  constructor(memory: SharedArrayBuffer, capacity: number, me: number, window = takeWindow) {
    checkPowerOfTwo('run queue capacity', capacity, 1, 65_536);
    this.memory = memory;
    this.capacity = capacity;
    this.words = new Int32Array(memory);
    this.doubles = new Float64Array(memory);
    this.bytes = Buffer.from(memory);
    this.#me = me;
    this.#mask = capacity - 1;
    this.#shift = 31 - Math.clz32(capacity);
    // A position has 32 - shift bits of lap, which for capacities over 1024 is less than a slot can hold: both count in
    // the smaller width, or a slot would read as behind for ever once positions pass 2^32.
    const lapBits = Math.min(lapBitsMax, 32 - this.#shift);
    this.#lapMask = (1 << lapBits) - 1;
    this.#lapSignShift = 32 - lapBits;
    this.#laneWords = laneWords(capacity);
    this.#window = Math.min(window, capacity);
  }

  /** A slot to write, or -1: the lane is full. Write the record at once and `commit`: a slow writer holds up others. */
  claim(lane: number): number {
    const base = lane * this.#laneWords;
    const words = this.words;
    for (;;) {
      const tail = load(words, base + laneAt.tail);
      const at = base + laneAt.slots + (tail & this.#mask) * slotWords;
      const lap = (tail >>> this.#shift) & this.#lapMask;
      const state = load(words, at);
      if (state === pack(lap, phases.free, 0)) {
        // Pairs with the store in release() and in settle(): the slot's old record is no longer read.
        if (swapIf(words, at, state, pack(lap, phases.writing, this.#me))) {
          swapIf(words, base + laneAt.tail, tail, (tail + 1) | 0);
          return at;
        }
        continue;
      }
      const ahead = ((state >>> lapShift) - lap) << this.#lapSignShift;
      if (ahead < 0) {
        // The slot still belongs to the lap before. That is "full" only if the tail has not moved meanwhile.
        if (load(words, base + laneAt.tail) === tail) return -1;
        continue;
      }
      swapIf(words, base + laneAt.tail, tail, (tail + 1) | 0);
    }
  }

  /** Publishes a claimed slot. Pairs with the load in take() and in hasWork(). */
  commit(at: number): void {
    const lap = load(this.words, at) >>> lapShift;
    store(this.words, at, pack(lap, phases.ready, 0));
  }

  /** A slot to read, mine until `release`, or -1: nothing to take. */
  take(lane: number): number {
    const base = lane * this.#laneWords;
    const words = this.words;
    for (;;) {
      const head = load(words, base + laneAt.head);
      let sawReady = false;
      let again = false;
      for (let offset = 0; offset < this.#window; offset++) {
        const position = (head + offset) | 0;
        const at = base + laneAt.slots + (position & this.#mask) * slotWords;
        const lap = (position >>> this.#shift) & this.#lapMask;
        const state = load(words, at);
        const ahead = ((state >>> lapShift) - lap) << this.#lapSignShift;
        const phase = (state >>> phaseShift) & 3;
        if (ahead > 0 || (ahead === 0 && phase === phases.reading)) {
          if (offset > 0) continue;
          swapIf(words, base + laneAt.head, head, (head + 1) | 0);
          again = true;
          break;
        }
        if (ahead < 0 || phase === phases.free) break;
        if (phase === phases.writing) continue;
        sawReady = true;
        // Pairs with the store in commit(): the record is whole. The lap in the word makes it this very record.
        if (swapIf(words, at, state, pack(lap, phases.reading, this.#me))) {
          this.#helpHead(base);
          return at;
        }
      }
      if (!again && !sawReady) return -1;
    }
  }

  /** Gives a slot back; its record may be overwritten from here on. Pairs with the swap in claim(). */
  release(at: number): void {
    const lap = load(this.words, at) >>> lapShift;
    store(this.words, at, pack((lap + 1) & this.#lapMask, phases.free, 0));
  }

  /**
   * The second look of a thread that has stored its park word, and the look of one that is about to be busy: is there,
   * or will there be, something to take? A slot being written at the head says no: its writer rings when it commits.
   */
  hasWork(lane: number): boolean {
    const base = lane * this.#laneWords;
    const words = this.words;
    const head = load(words, base + laneAt.head);
    for (let offset = 0; offset < this.#window; offset++) {
      const position = (head + offset) | 0;
      const at = base + laneAt.slots + (position & this.#mask) * slotWords;
      const lap = (position >>> this.#shift) & this.#lapMask;
      const state = load(words, at);
      const ahead = ((state >>> lapShift) - lap) << this.#lapSignShift;
      const phase = (state >>> phaseShift) & 3;
      if (ahead > 0 || (ahead === 0 && phase === phases.reading)) {
        // At the head: the head lags and tells nothing. Behind it: taken out of turn, so the look goes on, as in take().
        if (offset === 0) return true;
        continue;
      }
      if (ahead < 0 || phase === phases.free) return false;
      if (phase === phases.ready) return true;
    }
    return false;
  }

  /**
   * What lies in a lane, about: counts slots being read too, and never outside 0..capacity. For display; admission
   * rests on `claim`.
   */
  size(lane: number): number {
    const base = lane * this.#laneWords;
    const size = (load(this.words, base + laneAt.tail) - load(this.words, base + laneAt.head)) | 0;
    return Math.max(0, Math.min(this.capacity, size));
  }

  /**
   * Supervisor only, once thread `dead` has stopped for good (its Worker's 'exit') and before its number is used again:
   * voids what it was writing, frees what it was reading and reports the latter.
   */
  settle(dead: number, onLost: (lost: LostSlot) => void): void {
    const words = this.words;
    for (let lane = 0; lane < laneCount; lane++) {
      const first = lane * this.#laneWords + laneAt.slots;
      for (let index = 0; index < this.capacity; index++) {
        const at = first + index * slotWords;
        const state = load(words, at);
        if ((state & 255) !== dead) continue;
        const phase = (state >>> phaseShift) & 3;
        const lap = state >>> lapShift;
        if (phase === phases.writing) {
          words.fill(0, at + 1, at + slotRecordWords);
          words[at + slotAt.block] = -1;
          store(words, at, pack(lap, phases.ready, 0));
        } else if (phase === phases.reading) {
          onLost({
            asker: words[at + slotAt.asker]!,
            request: words[at + slotAt.request]!,
            generation: words[at + slotAt.generation]!,
            block: words[at + slotAt.block]!,
            blockGeneration: words[at + slotAt.blockGeneration]!,
          });
          store(words, at, pack((lap + 1) & this.#lapMask, phases.free, 0));
        }
      }
    }
  }

  /** The winner of a slot moves the head past every slot that has moved on: others may have won behind it. */
  #helpHead(base: number): void {
    const words = this.words;
    for (;;) {
      const head = load(words, base + laneAt.head);
      const at = base + laneAt.slots + (head & this.#mask) * slotWords;
      const lap = (head >>> this.#shift) & this.#lapMask;
      const state = load(words, at);
      const ahead = ((state >>> lapShift) - lap) << this.#lapSignShift;
      const phase = (state >>> phaseShift) & 3;
      if (!(ahead > 0 || (ahead === 0 && phase === phases.reading))) return;
      swapIf(words, base + laneAt.head, head, (head + 1) | 0);
    }
  }

  #startAt(start: number): void {
    for (let lane = 0; lane < laneCount; lane++) {
      const base = lane * this.#laneWords;
      this.words[base + laneAt.head] = start;
      this.words[base + laneAt.tail] = start;
      for (let offset = 0; offset < this.capacity; offset++) {
        const position = (start + offset) | 0;
        const lap = (position >>> this.#shift) & this.#lapMask;
        this.words[base + laneAt.slots + (position & this.#mask) * slotWords] = pack(lap, phases.free, 0);
      }
    }
  }
}

function pack(lap: number, phase: number, owner: number): number {
  return (lap << lapShift) | (phase << phaseShift) | owner | 0;
}
