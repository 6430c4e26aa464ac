// Subchannels: which addresses a channel has now, each with the subchannels that lead there. The addresses may change
// (naming, or a reload), and so may how many connections each has: new ones get subchannels, those that stay keep their
// connections, and those that went are retired: no new calls, what is in flight is finished within `retireTimeoutMs`, then
// they close.

import type { Address } from './address.ts';
import { addressText } from './address.ts';
import { ConnectFailuresByAddress } from './connect-failures.ts';
import type { ClientHost } from './host.ts';
import type { ChannelOptions } from './options.ts';
import { Subchannel, type SubchannelOwner } from './subchannel.ts';

/** Retired subchannels of one channel that still finish calls; beyond it the oldest closes at once: a list that flaps. */
export const retiredMax = 256;

export class Subchannels {
  /** The target whose naming gives the addresses, for sentences: `consul://shop-stock`; undefined: the config has them. */
  readonly namedBy: string | undefined;
  readonly #host: ClientHost;
  readonly #options: ChannelOptions;
  readonly #owner: SubchannelOwner;
  readonly #failures: ConnectFailuresByAddress;
  #list: readonly Subchannel[] = [];
  #retired: Subchannel[] = [];
  #isKnown: boolean;

  constructor(host: ClientHost, options: ChannelOptions, owner: SubchannelOwner) {
    this.#host = host;
    this.#options = options;
    this.#owner = owner;
    this.#failures = new ConnectFailuresByAddress(host, options.name);
    this.namedBy = options.namedBy;
    this.#isKnown = options.namedBy === undefined;
    this.#list = this.#arrange(options.addresses);
  }

  /** Those that lead to the present addresses. */
  get list(): readonly Subchannel[] {
    return this.#list;
  }

  /** The present addresses, each once. */
  get addresses(): Address[] {
    return this.#list.filter(({ index }) => index === 0).map(({ target }) => target);
  }

  /** Whether what is there leads to these, in this order, by as many connections as it should. */
  fit(addresses: readonly Address[]): boolean {
    const { connections } = this.#options;
    return (
      this.#list.length === addresses.length * connections &&
      addresses.every((address, at) => this.#list[at]!.address === addressText(address))
    );
  }

  /** False while the naming has not yet said what the addresses are. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** The naming has said that there is nobody. */
  get isEmpty(): boolean {
    return this.#isKnown && this.#list.length === 0;
  }

  /** These are the addresses from now on, each once. New subchannels are idle until `start`. */
  set(addresses: readonly Address[]): void {
    this.#isKnown = true;
    const before = this.#list;
    this.#list = this.#arrange(addresses);
    this.#failures.keep(new Set(this.#list.map((one) => one.address)));
    const stay = new Set(this.#list);
    this.#retired = this.#retired.filter((one) => !one.isClosed);
    for (const one of before) {
      if (stay.has(one)) continue;
      one.retire();
      if (!one.isClosed) this.#retired.push(one);
    }
    // Whoever is told that its call was lost may call again: the lists are as they should be by now.
    const over = this.#retired.splice(0, Math.max(0, this.#retired.length - retiredMax));
    for (const one of over) one.cutOff();
  }

  /** Begins to connect where it has not been begun. */
  start(): void {
    for (const one of this.#list) one.start();
  }

  /** No more attempts; connections that are up are the channel's to end. */
  close(): void {
    for (const one of this.#list) one.close();
    for (const one of this.#retired) one.close();
    this.#retired = [];
  }

  /** Address by address in each round, so that neighbours in the balancer's turn are different servers. */
  #arrange(addresses: readonly Address[]): Subchannel[] {
    const present = new Map(this.#list.map((one) => [keyOf(one.address, one.index), one]));
    const arranged: Subchannel[] = [];
    for (let index = 0; index < this.#options.connections; index++) {
      for (const address of addresses) {
        arranged.push(present.get(keyOf(addressText(address), index)) ?? this.#make(address, index));
      }
    }
    return arranged;
  }

  #make(address: Address, index: number): Subchannel {
    // The first of an address speaks for all of them.
    const failures = index === 0 ? this.#failures.at(addressText(address)) : undefined;
    return new Subchannel(this.#host, this.#options, address, index, this.#owner, failures);
  }
}

function keyOf(address: string, index: number): string {
  return `${address} ${index}`;
}
