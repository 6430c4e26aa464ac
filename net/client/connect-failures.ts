// ConnectFailures: what the log says of an address to which no connection comes up: whose it is, and why. Subchannels call
// it after each attempt, which may be many a second over all addresses; a line a minute for each tells people enough.
// ConnectFailuresByAddress keeps them beyond the subchannels: an address that naming takes out and gives again, over and
// over, is no news each time.

import type { HeddleError } from '../../runtime/errors.ts';
import type { ClientHost } from './host.ts';

/** Failures to connect to one address are logged at most once in this time, ms. */
export const connectLogEveryMs = 60_000;

/** Addresses of one channel of which it is remembered that they failed, besides those that it has now. */
export const failedAddressesMax = 1_024;

type Host = Pick<ClientHost, 'clock' | 'log'>;

export class ConnectFailures {
  readonly #host: Host;
  readonly #target: string;
  readonly #address: string;
  #loggedMs = Number.NEGATIVE_INFINITY;
  /** Failures since the last line. */
  #unsaid = 0;
  /** The log says that there is no connection. */
  #told = false;

  /** `target` is whose address it is: a service's name, or what traffic goes there. */
  constructor(host: Host, target: string, address: string) {
    this.#host = host;
    this.#target = target;
    this.#address = address;
  }

  /** Whether a failure would be logged now: there is nothing to remember. */
  get isDue(): boolean {
    return this.#host.clock.nowMs() - this.#loggedMs >= connectLogEveryMs;
  }

  /** All IP addresses of it have failed. */
  add(error: HeddleError): void {
    if (!this.isDue) {
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
    this.#loggedMs = this.#host.clock.nowMs();
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

/** Those of one channel. */
export class ConnectFailuresByAddress {
  readonly #host: Host;
  readonly #target: string;
  readonly #known = new Map<string, ConnectFailures>();

  constructor(host: Host, target: string) {
    this.#host = host;
    this.#target = target;
  }

  at(address: string): ConnectFailures {
    let failures = this.#known.get(address);
    if (failures === undefined) {
      failures = new ConnectFailures(this.#host, this.#target, address);
      this.#known.set(address, failures);
    }
    return failures;
  }

  /** The channel has these addresses now. Others are forgotten a minute after their last line, or when they are too many. */
  keep(present: ReadonlySet<string>): void {
    let over = this.#known.size - present.size - failedAddressesMax;
    for (const [address, failures] of this.#known) {
      if (present.has(address) || (over <= 0 && !failures.isDue)) continue;
      this.#known.delete(address);
      over--;
    }
  }
}
