// Targets: clients of one thread for whatever was asked for, one for each address and method, kept for the next request.
// When there are too many, the one goes that was used least lately and carries nothing.

import { bytes, type ClientCallOptions, connect, HeddleError, method, service } from 'heddle';

/** Clients of one thread; each has a connection to its address. */
const targetsMax = 64;

export interface Destination {
  /** `heddle://127.0.0.1:7001`. */
  target: string;
  service: string;
  method: string;
}

interface Target {
  readonly client: ReturnType<typeof open>;
  calls: number;
}

export class Targets {
  /** Least lately used first. */
  readonly #targets = new Map<string, Target>();

  /** Calls the method with these bytes. Throws what the call ends with, and INVALID_ARGUMENT for names that are none. */
  async call(to: Destination, body: Uint8Array, options: ClientCallOptions): Promise<Uint8Array> {
    const key = `${to.target} ${to.service}/${to.method}`;
    const known = this.#targets.get(key);
    const target = known ?? { client: this.#open(to), calls: 0 };
    // Last again.
    this.#targets.delete(key);
    this.#targets.set(key, target);
    target.calls++;
    try {
      return await target.client[to.method]!(body, options);
    } finally {
      target.calls--;
    }
  }

  #open(to: Destination): Target['client'] {
    if (this.#targets.size === targetsMax) {
      const idle = [...this.#targets].find(([, { calls }]) => calls === 0);
      if (idle === undefined) throw new HeddleError('RESOURCE_EXHAUSTED', `${targetsMax} targets are in use at once`);
      this.#targets.delete(idle[0]);
      void idle[1].client[Symbol.asyncDispose]();
    }
    return open(to);
  }
}

/** A contract of one method, made of names that came with a request: bytes either way. Whoever called may repeat. */
function open(to: Destination) {
  const contract = service(to.service, { [to.method]: method(bytes()) });
  return connect(contract, { target: to.target, maxAttempts: 1 });
}
