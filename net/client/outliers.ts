// Outliers: which addresses of a channel fail where others don't, and take no calls until a probe has come through. One
// per channel; the balancer looks at each connection's `doubt`. The idea and the words are those of Envoy's outlier
// detection: consecutive failures, ejection that doubles, never more than a share of the addresses.
//
// A failure is: no answer by the deadline, an answer UNAVAILABLE, or DEADLINE_EXCEEDED of a call that was started, a
// connection lost with calls in flight, a reply that can't be read. A call that was not started for lack of time (hint
// `yes`) fails a probe and counts for nothing else. Any other answer shows a peer that works, also an error.
//
// Standing of an address, what keeps each and what leaves it:
//   trusted   until `ejectAfter` failures in a row (→ ejected), if at most half of the addresses are out with it
//   ejected   for its time, and then until a call is let through (→ probed)
//   probed    until that call is answered (→ trusted), fails (→ ejected, twice as long) or is given up (→ ejected, time over)
//
// No timers: what is due is looked at when the next call comes, and only while some address is out.

import type { ClientHost } from './host.ts';

/** How far a balancer should trust a connection; higher is worse. */
export const doubts = { none: 0, failedLast: 1, ejected: 2 } as const;

type Standing =
  | { is: 'trusted' }
  | { is: 'ejected'; untilMs: number }
  | { is: 'probed'; sinceMs: number; callId: number };

const trusted: Standing = { is: 'trusted' };

/** One IP address and port, whatever connections lead there and come and go. */
export class AddressHealth {
  readonly address: string;
  /** One of `doubts`. */
  doubt: number = doubts.none;
  standing: Standing = trusted;
  /** In a row. */
  failures = 0;
  /** When the last of them was counted. */
  failedMs = Number.NEGATIVE_INFINITY;
  /** Connections that take calls. */
  ready = 0;
  /** How long the last ejection was, ms; 0: there was none. */
  ejectedForMs = 0;
  /** When the last ejection ended. */
  backMs = Number.NEGATIVE_INFINITY;

  constructor(address: string) {
    this.address = address;
  }
}

export interface OutlierOptions {
  /** The service, for logs. */
  name: string;
  /** Failures in a row; 0: never. */
  ejectAfter: number;
  /** First ejection, ms; each in a row doubles it. */
  ejectForMs: number;
  /** Longest ejection, ms. */
  ejectMaxMs: number;
}

/** What is looked for among connections. */
interface Candidate {
  readonly health: AddressHealth;
  readonly hasRoom: boolean;
}

/** Addresses remembered: names may resolve to ever new ones. */
const addressesMax = 1_024;
/** How long after its ejection an address without connections is remembered, ms. */
const forgottenMs = 300_000;

export class Outliers {
  readonly #host: Pick<ClientHost, 'clock' | 'log' | 'count'>;
  readonly #options: OutlierOptions;
  readonly #addresses = new Map<string, AddressHealth>();
  readonly #out = new Set<AddressHealth>();

  constructor(host: Pick<ClientHost, 'clock' | 'log' | 'count'>, options: OutlierOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** Addresses that take no calls. */
  get size(): number {
    return this.#out.size;
  }

  /** What is known of `10.0.0.1:7000`. */
  at(address: string): AddressHealth {
    const known = this.#addresses.get(address);
    if (known !== undefined) return known;
    if (this.#addresses.size >= addressesMax) this.#forgetOne();
    const health = new AddressHealth(address);
    this.#addresses.set(address, health);
    return health;
  }

  /** It has answered. */
  succeeded(health: AddressHealth): void {
    if (health.doubt === doubts.none || health.standing.is === 'ejected') return;
    if (health.standing.is === 'probed') {
      this.#out.delete(health);
      health.standing = trusted;
      health.backMs = this.#host.clock.nowMs();
      this.#host.log.info({ service: this.#options.name, address: health.address }, 'the address answers again');
    }
    health.failures = 0;
    health.doubt = doubts.none;
  }

  /** A call that was sent at `sentMs` had no answer, in time or at all. */
  failed(health: AddressHealth, sentMs: number, why: string): void {
    const { standing } = health;
    if (standing.is === 'ejected') return;
    const nowMs = this.#host.clock.nowMs();
    health.failedMs = nowMs;
    if (standing.is === 'probed') {
      // What was sent before the ejection says nothing new.
      if (sentMs >= standing.sinceMs) this.#eject(health, nowMs, why);
      return;
    }
    health.failures++;
    health.doubt = doubts.failedLast;
    const { ejectAfter } = this.#options;
    if (ejectAfter > 0 && health.failures >= ejectAfter && this.#mayEject(health)) this.#eject(health, nowMs, why);
  }

  /** It answered that it is not available. What one event took along (a dead thread, a full pool) counts once. */
  unavailable(health: AddressHealth, sentMs: number, why: string): void {
    if (health.standing.is !== 'trusted' || sentMs > health.failedMs) this.failed(health, sentMs, why);
  }

  /**
   * It answered that a call was not started for lack of time: the caller gave too little, or it is slow. Nobody can tell, so
   * what is trusted stays so, and only a retry looks for another first. But who is out comes back by a call that it takes.
   */
  notStarted(health: AddressHealth, callId: number, why: string): void {
    const { standing } = health;
    if (standing.is === 'trusted') health.doubt = doubts.failedLast;
    else if (standing.is === 'probed' && standing.callId === callId) this.#eject(health, this.#host.clock.nowMs(), why);
  }

  /**
   * The connection by which a call may probe an address whose time is over, if there is one; it must be sent. Another
   * than an idempotent call is taken only when no such one has come for as long again.
   */
  probe<Connection extends Candidate>(
    ready: readonly Connection[],
    idempotent: boolean,
    nowMs: number,
  ): Connection | undefined {
    for (const health of this.#out) {
      const { standing } = health;
      if (standing.is === 'trusted') continue;
      // A probe that nobody bounded may never be answered: after as long again the next call is one.
      const untilMs = standing.is === 'ejected' ? standing.untilMs : standing.sinceMs + health.ejectedForMs;
      if (health.ready === 0) {
        if (nowMs > untilMs + forgottenMs) this.#forget(health);
        continue;
      }
      if (nowMs < untilMs + (idempotent ? 0 : health.ejectedForMs)) continue;
      const connection = ready.find((one) => one.health === health && one.hasRoom);
      if (connection === undefined) continue;
      health.standing = { is: 'probed', sinceMs: nowMs, callId: 0 };
      this.#host.count('client-probe');
      return connection;
    }
    return undefined;
  }

  /** Names change their addresses: one that nobody connects to any more is out of nothing. */
  #forget(health: AddressHealth): void {
    this.#out.delete(health);
    health.standing = trusted;
    health.doubt = doubts.none;
    health.failures = 0;
  }

  /** The id of the call that probes. */
  probing(health: AddressHealth, callId: number): void {
    if (health.standing.is === 'probed' && health.standing.callId === 0) health.standing.callId = callId;
  }

  /** A call's caller no longer waits; if it was the probe, the next call is one. */
  gaveUp(health: AddressHealth, callId: number): void {
    if (health.standing.is !== 'probed' || health.standing.callId !== callId) return;
    health.standing = { is: 'ejected', untilMs: this.#host.clock.nowMs() };
  }

  /** At most half of those that take calls may be out, so never the last. */
  #mayEject(health: AddressHealth): boolean {
    let up = 0;
    let out = 1;
    for (const one of this.#addresses.values()) {
      if (one !== health && one.ready === 0) continue;
      up++;
      if (one.doubt === doubts.ejected) out++;
    }
    return out <= Math.floor(up / 2);
  }

  #eject(health: AddressHealth, nowMs: number, why: string): void {
    const { name, ejectForMs, ejectMaxMs } = this.#options;
    // In a row: it failed its probe, or soon after it.
    const isAgain = health.standing.is === 'probed' || nowMs - health.backMs < health.ejectedForMs;
    health.ejectedForMs = isAgain ? Math.min(health.ejectedForMs * 2, ejectMaxMs) : ejectForMs;
    health.standing = { is: 'ejected', untilMs: nowMs + health.ejectedForMs };
    health.doubt = doubts.ejected;
    this.#out.add(health);
    this.#host.count('client-ejected');
    const { address, failures, ejectedForMs } = health;
    this.#host.log.warn(
      { service: name, address, failures, ejectedForMs, why },
      'the address keeps failing and takes no calls for a while',
    );
  }

  /** The oldest that is of no use now. */
  #forgetOne(): void {
    for (const health of this.#addresses.values()) {
      if (health.ready > 0) continue;
      this.#addresses.delete(health.address);
      this.#out.delete(health);
      return;
    }
  }
}
