// Batch: what is added until the end of the microtasks goes in one message.

/** Larger bodies are moved, smaller ones cloned: whichever took less CPU. */
const clonedMax = 4096;

export class Batch {
  #port;
  #ownsBodies;
  #slots = [];
  #bodies = [];
  #moved = [];

  /** `ownsBodies`: what is added may be given away as it is. */
  constructor(port, { ownsBodies }) {
    this.#port = port;
    this.#ownsBodies = ownsBodies;
  }

  add(slot, body) {
    if (this.#slots.length === 0) queueMicrotask(this.#post);
    this.#slots.push(slot);
    if (body.length > clonedMax) {
      const own = this.#ownsBodies ? body : new Uint8Array(body);
      this.#bodies.push(own);
      this.#moved.push(own.buffer);
    } else {
      this.#bodies.push(body);
    }
  }

  #post = () => {
    const message = { slots: this.#slots, bodies: this.#bodies };
    const moved = this.#moved;
    this.#slots = [];
    this.#bodies = [];
    this.#moved = [];
    this.#port.postMessage(message, moved);
  };
}
