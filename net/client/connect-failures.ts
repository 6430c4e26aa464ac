// ConnectFailures: what the log says of an address to which no connection comes up: whose it is, and why. Subchannels call
// it after each attempt, which may be many a second over all addresses; a line a minute for each tells people enough.

import type { HeddleError } from '../../runtime/errors.ts';
import type { ClientHost } from './host.ts';

/** Failures to connect to one address are logged at most once in this time, ms. */
export const connectLogEveryMs = 60_000;

export class ConnectFailures {
  readonly #host: Pick<ClientHost, 'clock' | 'log'>;
  readonly #target: string;
  readonly #address: string;
  #loggedMs = Number.NEGATIVE_INFINITY;
  /** Failures since the last line. */
  #unsaid = 0;
  /** The log says that there is no connection. */
  #told = false;

  /** `target` is whose address it is: a service's name, or what traffic goes there. */
  constructor(host: Pick<ClientHost, 'clock' | 'log'>, target: string, address: string) {
    this.#host = host;
    this.#target = target;
    this.#address = address;
  }

  /** All IP addresses of it have failed. */
  add(error: HeddleError): void {
    const nowMs = this.#host.clock.nowMs();
    if (nowMs - this.#loggedMs < connectLogEveryMs) {
      this.#unsaid++;
      return;
    }
    const fields = {
      target: this.#target,
      address: this.#address,
      reason: error.message,
      failuresBefore: this.#unsaid,
    };
    this.#host.log.warn(fields, 'no connection comes up; it is tried again and again');
    this.#loggedMs = nowMs;
    this.#unsaid = 0;
    this.#told = true;
  }

  /** A connection is up. */
  end(): void {
    if (!this.#told) return;
    this.#told = false;
    this.#host.log.info({ target: this.#target, address: this.#address }, 'a connection is up again');
  }
}
