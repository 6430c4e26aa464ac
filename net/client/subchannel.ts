// Subchannel: keeps one connection to one address up. It resolves the name, tries its IP addresses one after another,
// and after a failure waits (Backoff) and tries again, for as long as the channel lives. The channel has `connections`
// of them for each address.
//
// States, what keeps each and what leaves it:
//   idle        until `start`
//   resolving   until the name is resolved (→ connecting) or can't be (→ waiting)
//   connecting  until a connection is open (→ ready) or the last IP address has failed (→ waiting)
//   ready       until the connection drains or is lost (→ waiting)
//   waiting     until the backoff's delay is over (→ resolving)
//   retired     from ready, when the address is taken out, until its connection has ended (→ closed), which is after
//               retireTimeoutMs at the latest
//   closed      for ever

import type { CallReply } from '../../runtime/call.ts';
import { type ErrorCode, HeddleError } from '../../runtime/errors.ts';
import { type Address, addressText } from './address.ts';
import { Backoff } from './backoff.ts';
import type { ConnectFailures } from './connect-failures.ts';
import { ClientConnection, type ConnectionOwner } from './connection.ts';
import type { ClientHost } from './host.ts';
import type { ChannelOptions } from './options.ts';
import type { AddressHealth } from './outliers.ts';

/** Who owns subchannels. None of these may throw. */
export interface SubchannelOwner {
  /** What is known of an IP address and port. */
  healthOf(address: string): AddressHealth;
  /** A connection came to be, in state connecting: `onClosed` follows once. */
  onConnecting(connection: ClientConnection): void;
  onReady(connection: ClientConnection): void;
  onReply(connection: ClientConnection, requestId: number, reply: CallReply): void;
  onBadReply(connection: ClientConnection, requestId: number, code: ErrorCode, message: string): void;
  onDraining(connection: ClientConnection): void;
  onClosed(connection: ClientConnection, error: HeddleError): void;
  /** The whole attempt failed: every IP address of the name. `failure` says why. */
  onFailed(subchannel: Subchannel): void;
}

type State =
  | { is: 'idle' }
  | { is: 'resolving' }
  | { is: 'connecting'; connection: ClientConnection; untried: string[] }
  | { is: 'ready'; connection: ClientConnection }
  | { is: 'waiting'; timer: number; untilMs: number }
  | { is: 'retired'; connection: ClientConnection; timer: number }
  | { is: 'closed' };

/** IP addresses of one name that one attempt tries. */
const ipsMax = 16;

const addressGone = 'the address was taken out';

export class Subchannel implements ConnectionOwner {
  /** As configured: `backend.example:7000`. */
  readonly address: string;
  /** Which of the address's subchannels it is, from 0. */
  readonly index: number;
  readonly #host: ClientHost;
  readonly #options: ChannelOptions;
  readonly target: Address;
  readonly #owner: SubchannelOwner;
  readonly #backoff: Backoff;
  #state: State = { is: 'idle' };
  #failure: HeddleError | undefined;
  /** Undefined: another subchannel of the address speaks for it. */
  readonly #failures: ConnectFailures | undefined;
  /** Which of a name's IP addresses is tried first: another one for each subchannel and each attempt. */
  #turn: number;

  constructor(
    host: ClientHost,
    options: ChannelOptions,
    target: Address,
    index: number,
    owner: SubchannelOwner,
    failures: ConnectFailures | undefined,
  ) {
    this.#host = host;
    this.#options = options;
    this.target = target;
    this.index = index;
    this.#turn = index;
    this.#owner = owner;
    this.address = addressText(target);
    this.#failures = failures;
    this.#backoff = new Backoff({ firstMs: options.backoffFirstMs, maxMs: options.backoffMaxMs, random: host.random });
  }

  /** Why the last attempt failed; undefined while none has, or since a connection was up. */
  get failure(): HeddleError | undefined {
    return this.#failure;
  }

  /** When the next attempt begins, ms on the clock; 0 when it is under way or not needed. */
  get nextAttemptMs(): number {
    return this.#state.is === 'waiting' ? this.#state.untilMs : 0;
  }

  get isClosed(): boolean {
    return this.#state.is === 'closed';
  }

  start(): void {
    if (this.#state.is === 'idle') this.#resolve();
  }

  /** No more attempts; a connection that is up is the channel's to end. */
  close(why = 'the client was closed'): void {
    const state = this.#state;
    this.#state = { is: 'closed' };
    if (state.is === 'waiting' || state.is === 'retired') this.#host.timers.remove(state.timer);
    if (state.is === 'connecting') state.connection.destroy(why);
  }

  /** Its address is no longer one: no attempts and no new calls; what is in flight is finished. */
  retire(): void {
    if (this.#state.is !== 'ready') {
      this.close(addressGone);
      return;
    }
    const { connection } = this.#state;
    const untilMs = this.#host.clock.nowMs() + this.#options.retireTimeoutMs;
    this.#state = { is: 'retired', connection, timer: this.#host.timers.add(untilMs, this, 0) };
    connection.retire();
  }

  /** Retired, and not to be waited for: what is in flight is lost. */
  cutOff(): void {
    const state = this.#state;
    if (state.is !== 'retired') return;
    this.close();
    state.connection.destroy(addressGone);
  }

  onTimer(): void {
    const state = this.#state;
    if (state.is === 'retired') {
      this.#state = { is: 'closed' };
      state.connection.destroy(addressGone);
    } else this.#resolve();
  }

  healthOf(address: string): AddressHealth {
    return this.#owner.healthOf(address);
  }

  onOpen(connection: ClientConnection): void {
    this.#state = { is: 'ready', connection };
    this.#failure = undefined;
    this.#failures?.end();
    this.#owner.onReady(connection);
  }

  onReply(connection: ClientConnection, requestId: number, reply: CallReply): void {
    this.#owner.onReply(connection, requestId, reply);
  }

  onBadReply(connection: ClientConnection, requestId: number, code: ErrorCode, message: string): void {
    this.#owner.onBadReply(connection, requestId, code, message);
  }

  onDraining(connection: ClientConnection): void {
    this.#replace(connection);
    this.#owner.onDraining(connection);
  }

  onClosed(connection: ClientConnection, error: HeddleError): void {
    const state = this.#state;
    if (state.is === 'connecting' && state.connection === connection) {
      this.#host.count('client-connect-failed');
      const next = state.untried.shift();
      if (next !== undefined) this.#connect(next, state.untried);
      else this.#fail(error);
    } else if (state.is === 'ready' && state.connection === connection) {
      // One that never answered was no better than none: its loss counts as a failed attempt.
      if (!connection.answered) this.#failure = error;
      this.#replace(connection);
    } else if (state.is === 'retired' && state.connection === connection) {
      this.close();
    }
    this.#owner.onClosed(connection, error);
  }

  /** The ready connection takes no more calls: get another one. */
  #replace(connection: ClientConnection): void {
    if (this.#state.is !== 'ready' || this.#state.connection !== connection) return;
    if (connection.answered) this.#backoff.reset();
    this.#wait();
  }

  #wait(): void {
    const untilMs = this.#host.clock.nowMs() + this.#backoff.nextMs();
    this.#state = { is: 'waiting', timer: this.#host.timers.add(untilMs, this, 0), untilMs };
  }

  #resolve(): void {
    const resolving: State = { is: 'resolving' };
    this.#state = resolving;
    this.#host.resolver.resolve(this.target.host).then(
      (ips) => {
        if (this.#state === resolving) this.#connectAny(ips);
      },
      (reason: unknown) => {
        if (this.#state === resolving)
          this.#fail(HeddleError.from(reason, `${this.address}: the name was not resolved`));
      },
    );
  }

  #connectAny(ips: readonly string[]): void {
    const first = this.#turn++ % ips.length;
    const untried = [...ips.slice(first), ...ips.slice(0, first)].slice(0, ipsMax);
    this.#connect(untried.shift()!, untried);
  }

  #connect(ip: string, untried: string[]): void {
    const connection = new ClientConnection(this.#host, this.#options, ip, this.target.port, this);
    this.#state = { is: 'connecting', connection, untried };
    this.#owner.onConnecting(connection);
  }

  #fail(error: HeddleError): void {
    this.#failure = error;
    this.#failures?.add(error);
    this.#wait();
    this.#owner.onFailed(this);
  }
}
