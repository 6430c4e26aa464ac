// Batch: what is added until the end of the microtasks goes in one message: short bodies in one buffer, which is moved, long ones
// each in its own.

import { isTransferred } from '../message-port/transferred.js';

/** Instead of its end: a body that is not in the buffer. */
const isMoved = 2 ** 32 - 1;

export class Batch {
  #port;
  #ownsBodies;
  #slots = [];
  #bodies = [];
  #packedBytes = 0;

  /** `ownsBodies`: what is long and added may be given away as it is. */
  constructor(port, { ownsBodies }) {
    this.#port = port;
    this.#ownsBodies = ownsBodies;
  }

  add(slot, body) {
    if (this.#slots.length === 0) queueMicrotask(this.#post);
    this.#slots.push(slot);
    this.#bodies.push(body);
    if (!isTransferred(body)) this.#packedBytes += body.length;
  }

  #post = () => {
    const bodies = this.#bodies;
    const slots = Uint32Array.from(this.#slots);
    const ends = new Uint32Array(bodies.length);
    const packed = Buffer.allocUnsafeSlow(this.#packedBytes);
    const moved = [];
    let end = 0;
    for (let at = 0; at < bodies.length; at++) {
      const body = bodies[at];
      if (isTransferred(body)) {
        moved.push(this.#ownsBodies ? body : new Uint8Array(body));
        ends[at] = isMoved;
      } else {
        packed.set(body, end);
        end += body.length;
        ends[at] = end;
      }
    }
    this.#slots = [];
    this.#bodies = [];
    this.#packedBytes = 0;
    this.#port.postMessage({ slots, ends, packed, moved }, [packed.buffer, ...moved.map(({ buffer }) => buffer)]);
  };
}

/** Calls `use` with each slot and body of a message; short bodies are views of its buffer. */
export function eachOf({ slots, ends, packed, moved }, use) {
  let start = 0;
  let next = 0;
  for (let at = 0; at < slots.length; at++) {
    const end = ends[at];
    if (end === isMoved) {
      use(slots[at], moved[next++]);
    } else {
      use(slots[at], packed.subarray(start, end));
      start = end;
    }
  }
}
