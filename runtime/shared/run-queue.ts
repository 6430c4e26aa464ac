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

/** How many slots from the head on a taker looks at: past those still being written, and for the earliest deadline. */
export const takeWindow = 8;

/** Deadlines that are no farther apart are as good as equal, ms: budgets that were, become deadlines by several clocks. */
const sameMs = 1;
/** Who has more time than this, ms, is in no hurry, and as good as who has no deadline. */
const hurryMs = 10_000;
/** For so many requests on takers look for the earliest deadline, once one was put out of the order of deadlines. */
const mixedPositions = 64;

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
  /** By lane: what this thread has stored there; before it has, a position that is past. */
  readonly #mixedUntil = new Int32Array(laneCount);

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
    // A hint, read without order: where the lane was a moment ago is past as well.
    for (let lane = 0; lane < laneCount; lane++) {
      this.#mixedUntil[lane] = this.words[lane * this.#laneWords + laneAt.tail]!;
    }
  }

  /**
   * A slot to write, or -1: the lane is full. Write the record at once and `commit`: a slow writer holds up others.
   * `deadlineMs`: of the request, which goes into the record too; `nowMs`: the time, on the same clock.
   */
  claim(lane: number, deadlineMs = Number.POSITIVE_INFINITY, nowMs = 0): number {
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
          this.#noteDeadline(lane, tail, Math.min(deadlineMs, nowMs + hurryMs));
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
    // Mine: nobody else writes the word of a slot that is being written, or read.
    const lap = this.words[at]! >>> lapShift;
    store(this.words, at, pack(lap, phases.ready, 0));
  }

  /**
   * A slot to read, mine until `release`, or -1: nothing to take. Of the slots that are ready within `takeWindow` of the
   * head it is the one whose deadline comes first, and among equals (within `sameMs`) the one that was put first. Only
   * those behind it in the window pass a request, `takeWindow - 1` at most: the head stays until it is taken.
   */
  take(lane: number): number {
    const base = lane * this.#laneWords;
    if (this.#looksEmpty(base)) return -1;
    const words = this.words;
    const doubles = this.doubles;
    for (;;) {
      const head = load(words, base + laneAt.head);
      // Pairs with the store in #noteDeadline(). Where deadlines were put in their order, the first is the earliest.
      const isMixed = (load(words, base + laneAt.mixedUntil) - head - 1) >>> 0 < this.capacity + mixedPositions;
      let best = -1;
      let bestState = 0;
      let bestDeadlineMs = 0;
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
        // What was put behind a slot that was still free here came later than all that this look has seen.
        if (ahead < 0 || phase === phases.free) break;
        if (phase === phases.writing) continue;
        // A hint: the record may be another's by now. Then so is the word, and the swap below fails.
        const deadlineMs = isMixed ? doubles[(at + slotAt.deadline) >> 1]! : 0;
        if (best >= 0 && !(deadlineMs < bestDeadlineMs - sameMs)) continue;
        best = at;
        bestState = state;
        bestDeadlineMs = deadlineMs;
        if (!isMixed) break;
      }
      if (again) continue;
      if (best < 0) return -1;
      // Pairs with the store in commit(): the record is whole. The lap in the word makes it this very record.
      if (swapIf(words, best, bestState, pack(bestState >>> lapShift, phases.reading, this.#me))) {
        this.#helpHead(base);
        return best;
      }
    }
  }

  /** Gives a slot back; its record may be overwritten from here on. Pairs with the swap in claim(). */
  release(at: number): void {
    const lap = this.words[at]! >>> lapShift;
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
   * Whether nothing waits in a lane and nothing is being put. It stays so once nobody puts any more, since no position is
   * claimed before the one ahead of it. What is being read has left it.
   */
  isEmpty(lane: number): boolean {
    const base = lane * this.#laneWords;
    this.#helpHead(base);
    const head = load(this.words, base + laneAt.head);
    const state = load(this.words, base + laneAt.slots + (head & this.#mask) * slotWords);
    const ahead = ((state >>> lapShift) - ((head >>> this.#shift) & this.#lapMask)) << this.#lapSignShift;
    return ahead < 0 || (ahead === 0 && ((state >>> phaseShift) & 3) === phases.free);
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

  /** The positions of a lane, as hints. */
  head(lane: number): number {
    return load(this.words, lane * this.#laneWords + laneAt.head);
  }

  tail(lane: number): number {
    return load(this.words, lane * this.#laneWords + laneAt.tail);
  }

  /** Adds what lies in a lane to `counts`, by method; what is being written or read is not counted. As good as `size`. */
  countMethods(lane: number, counts: Uint32Array): void {
    let position = this.head(lane);
    for (let left = this.size(lane); left > 0; left--, position = (position + 1) | 0) {
      const at = this.#readyAt(lane, position);
      if (at >= 0) counts[this.words[at + slotAt.method]!]! += 1;
    }
  }

  /** Of what lies in a lane and has a deadline, the latest, ms on the clock of `claim`; 0: none has. As good as `size`. */
  latestDeadlineMs(lane: number): number {
    let latestMs = 0;
    let position = this.head(lane);
    for (let left = this.size(lane); left > 0; left--, position = (position + 1) | 0) {
      const at = this.#readyAt(lane, position);
      const deadlineMs = at < 0 ? 0 : this.doubles[(at + slotAt.deadline) >> 1]!;
      if (deadlineMs !== Number.POSITIVE_INFINITY && deadlineMs > latestMs) latestMs = deadlineMs;
    }
    return latestMs;
  }

  /** The slot at a position, if it is ready to be taken; else -1. */
  #readyAt(lane: number, position: number): number {
    const at = lane * this.#laneWords + laneAt.slots + (position & this.#mask) * slotWords;
    const state = load(this.words, at);
    const ahead = ((state >>> lapShift) - ((position >>> this.#shift) & this.#lapMask)) << this.#lapSignShift;
    return ahead === 0 && ((state >>> phaseShift) & 3) === phases.ready ? at : -1;
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

  /**
   * Tells takers when a request is in more of a hurry than one that was put before it: from there on they look for the
   * earliest deadline. Two askers that note at once may hide one another's news; the next request that is out of order,
   * half of `mixedPositions` later at most, tells it again.
   */
  #noteDeadline(lane: number, position: number, dueMs: number): void {
    const base = lane * this.#laneWords;
    const latestMs = this.doubles[(base + laneAt.latest) >> 1]!;
    if (dueMs >= latestMs) {
      this.doubles[(base + laneAt.latest) >> 1] = dueMs;
      return;
    }
    if (dueMs > latestMs - sameMs) return;
    // Takers write to that line with each request: where deadlines are mixed it is not written with each put too.
    const told = (this.#mixedUntil[lane]! - position) | 0;
    if (told > mixedPositions / 2 && told <= mixedPositions) return;
    const until = (position + mixedPositions) | 0;
    this.#mixedUntil[lane] = until;
    // Pairs with the load in take().
    store(this.words, base + laneAt.mixedUntil, until);
  }

  /**
   * Nothing at the head. Most lanes are empty at most looks, so these reads are plain ones, without order: what they miss
   * the next look sees, the last one before parking being `hasWork`.
   */
  #looksEmpty(base: number): boolean {
    const head = this.words[base + laneAt.head]!;
    const state = this.words[base + laneAt.slots + (head & this.#mask) * slotWords]!;
    const ahead = ((state >>> lapShift) - ((head >>> this.#shift) & this.#lapMask)) << this.#lapSignShift;
    return ahead < 0 || (ahead === 0 && ((state >>> phaseShift) & 3) === phases.free);
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
      this.words[base + laneAt.mixedUntil] = start;
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
