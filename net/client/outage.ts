// Outage: the time in which a channel has no connection up, and the answer to one question: may a call wait for one?
//
// It may, while some address has not failed its last attempt, or for the first `graceMs` after the last connection went:
// a server restarts. It may not once every address has failed and no connection was ever up (a wrong address, most
// likely), or the last one went longer ago. So no caller hangs on a dead target or fails while one server restarts. Where
// naming gives the addresses: it may until the naming has answered, and for `graceMs` after it has said that there are none.

import { HeddleError } from '../../runtime/errors.ts';
import type { ClientHost } from './host.ts';
import type { Subchannels } from './subchannels.ts';

/** Addresses that an error sentence names. */
const namedMax = 8;

const noTimer = -1;

export class Outage {
  readonly #host: ClientHost;
  readonly #graceMs: number;
  readonly #subchannels: Subchannels;
  readonly #onGraceOver: () => void;
  #timer = noTimer;
  /** When the last connection went; -Infinity: none has ever been up. */
  #sinceMs = Number.NEGATIVE_INFINITY;

  /** `onGraceOver` is called once the grace has passed, if `hopeless` was asked within it: ask again. */
  constructor(host: ClientHost, graceMs: number, subchannels: Subchannels, onGraceOver: () => void) {
    this.#host = host;
    this.#graceMs = graceMs;
    this.#subchannels = subchannels;
    this.#onGraceOver = onGraceOver;
  }

  /** The last connection has gone, or naming says that there are no addresses. */
  begin(): void {
    this.#sinceMs = this.#host.clock.nowMs();
  }

  /** A connection is up, or nobody will ask any more. */
  end(): void {
    if (this.#timer !== noTimer) this.#host.timers.remove(this.#timer);
    this.#timer = noTimer;
  }

  /** True when a call must not wait for a connection. Asked while none is up. */
  hopeless(): boolean {
    const { isKnown, list } = this.#subchannels;
    if (!isKnown || list.some((subchannel) => subchannel.failure === undefined)) return false;
    const graceEndMs = this.#sinceMs + this.#graceMs;
    if (this.#host.clock.nowMs() >= graceEndMs) return true;
    if (this.#timer === noTimer) this.#timer = this.#host.timers.add(graceEndMs, this, 0);
    return false;
  }

  onTimer(): void {
    this.#timer = noTimer;
    this.#onGraceOver();
  }

  /** What a call is told that must not wait: it has not run; repeat it when the next attempt is made. */
  error(route: string): HeddleError {
    const nowMs = this.#host.clock.nowMs();
    const { list } = this.#subchannels;
    const nextMs = Math.min(...list.map((subchannel) => subchannel.nextAttemptMs));
    const retryAfterMs = list.length === 0 ? 0 : Math.max(0, Math.ceil(nextMs - nowMs));
    return new HeddleError('UNAVAILABLE', `${route} found no connection: ${this.reasons()}`, {
      retry: 'yes',
      retryAfterMs,
    });
  }

  /** Each address and why it has no connection. */
  reasons(): string {
    const { isKnown, isEmpty, namedBy, list } = this.#subchannels;
    if (!isKnown) return `naming ${schemeOf(namedBy)} has not answered yet where ${namedBy} is`;
    if (isEmpty) return `naming ${schemeOf(namedBy)} gives no address for ${namedBy}`;
    const byAddress = new Map(
      list.map(({ address, failure }) => [address, failure?.message ?? `${address}: still connecting`]),
    );
    const named = [...byAddress.values()].slice(0, namedMax);
    if (byAddress.size > namedMax) named.push(`and ${byAddress.size - namedMax} addresses more`);
    return named.join('; ');
  }
}

/** Of `consul://shop-stock`. */
function schemeOf(target = ''): string {
  return target.slice(0, target.indexOf('://'));
}
