// PendingCalls: which call a reply's tag belongs to. Slots that are used again, each time under another tag: a reply that
// comes too late (or twice) finds nothing instead of another call's place.

import { HeddleError } from '../../runtime/errors.ts';

/** Calls that one thread may wait for at once. */
export const pendingCallsMax = 65_536;

const slotBits = 16;
const slotMask = 2 ** slotBits - 1;
/** Tags are whole numbers below 2^31: they fit an Int32Array. */
const generationMask = 2 ** (31 - slotBits) - 1;

export class PendingCalls<Call> {
  readonly #calls: (Call | undefined)[] = [];
  readonly #tags: number[] = [];
  readonly #free: number[] = [];

  /** Calls waiting. */
  get size(): number {
    return this.#calls.length - this.#free.length;
  }

  /** Returns the call's tag. Throws RESOURCE_EXHAUSTED when `pendingCallsMax` are waiting. */
  add(call: Call): number {
    const slot = this.#free.pop() ?? this.#newSlot();
    this.#calls[slot] = call;
    return this.#tags[slot]!;
  }

  /** The call of a tag, which is forgotten with that; undefined: none waits under it. */
  take(tag: number): Call | undefined {
    const slot = tag & slotMask;
    if (this.#tags[slot] !== tag) return undefined;
    const call = this.#calls[slot];
    if (call === undefined) return undefined;
    this.#calls[slot] = undefined;
    this.#tags[slot] = ((((tag >>> slotBits) + 1) & generationMask) << slotBits) | slot;
    this.#free.push(slot);
    return call;
  }

  #newSlot(): number {
    if (this.#calls.length < pendingCallsMax) {
      const slot = this.#calls.length;
      this.#calls.push(undefined);
      this.#tags.push(slot);
      return slot;
    }
    throw new HeddleError(
      'RESOURCE_EXHAUSTED',
      `this thread waits for ${pendingCallsMax} calls, its bound; make fewer at once`,
    );
  }
}
