// NamingWatch: one client's target as a plugin's naming sees it, on a thread that owns connections to it. What the naming
// says is checked, bounded and handed to the channel; what is wrong in it is logged once for each change and left out.

import { HeddleError } from '../../runtime/errors.ts';
import { isPromiseLike } from '../../runtime/fiber/promise-like.ts';
import type { Logger } from '../../runtime/logger.ts';
import { checkNaming, type NamingDefinition, type NamingTarget } from '../../runtime/plugins/naming.ts';
import { type Address, addressText } from './address.ts';
import { readSaid, shown } from './named-addresses.ts';

/** Who takes the addresses. */
export interface NamedClient {
  /** Addresses that it takes at most. */
  addressesMax: number;
  /** Checked, each once, at most so many. */
  setAddresses(addresses: readonly Address[]): void;
}

/** Addresses that one line of the log names. */
const shownMax = 8;

const anAddressIs = "{ host: '10.0.0.1', port: 7000 } is one, an IP address or a name, and a port from 1 to 65535";
const notEnded = 'the naming did not end its watch';

export class NamingWatch {
  readonly #target: NamingTarget;
  readonly #client: NamedClient;
  readonly #log: Logger;
  readonly #end: () => unknown;
  #closed = false;
  /** The addresses said last, whatever their order; undefined: nothing yet. */
  #good: string | undefined;
  /** What was no address in what was said last, whatever its order. */
  #bad = '';
  /** Those that the client has. */
  #used: ReadonlySet<string> = new Set();

  /** Throws FAILED_PRECONDITION when the naming does not take the target; `usedBy` says where it is written. */
  constructor(definition: NamingDefinition, target: NamingTarget, client: NamedClient, log: Logger, usedBy: string) {
    this.#target = target;
    this.#client = client;
    this.#log = log;
    const where = `${usedBy}: naming ${target.scheme}`;
    let end: unknown;
    try {
      end = definition.watch(Object.freeze({ ...target }), (addresses) => this.#take(addresses));
    } catch (reason) {
      this.#closed = true;
      const what = reason instanceof Error ? reason.message : String(reason);
      const message = `${where} does not take ${textOf(target)}: ${what}`;
      throw new HeddleError('FAILED_PRECONDITION', message, { cause: reason });
    }
    if (typeof end !== 'function') {
      this.#closed = true;
      const isPromise = isPromiseLike(end);
      if (isPromise) this.#hear(end, 'the naming did not begin its watch');
      const message = `${where} must return a function that ends the watch, not ${isPromise ? 'a promise' : typeof end}`;
      throw new HeddleError('FAILED_PRECONDITION', message);
    }
    this.#end = end as () => unknown;
  }

  /** Ends the watch, without waiting; what it says from now on is not heard. Idempotent; never throws. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#hear(this.#end(), notEnded);
    } catch (reason) {
      this.#log.error({ ...this.#fields(), err: reason }, notEnded);
    }
  }

  /** A promise that nobody asked for: a rejection that nobody hears would end the thread. */
  #hear(given: unknown, sentence: string): void {
    if (!isPromiseLike(given)) return;
    Promise.resolve(given).catch((reason: unknown) => this.#log.error({ ...this.#fields(), err: reason }, sentence));
  }

  /** Never throws: it is called by the plugin. */
  #take(said: unknown): void {
    if (this.#closed) return;
    const read = readSaid(said);
    if (read === undefined) {
      this.#log.error(
        { ...this.#fields(), given: shown(said) },
        'the naming gives no list of addresses: nothing changes',
      );
      return;
    }
    const { good, bad } = read;
    // One answer of which nothing can be used must not take away the servers that are there.
    const isUseless = good.size === 0 && bad.length > 0;
    const badKey = keyOf(bad);
    if (badKey !== this.#bad && bad.length > 0) this.#warn(bad, isUseless);
    this.#bad = badKey;
    if (isUseless) return;
    const key = keyOf(good.keys());
    if (key === this.#good) return;
    this.#good = key;
    const addresses = this.#choose(good);
    const fields = {
      ...this.#fields(),
      addresses: addresses.slice(0, shownMax).map(addressText),
      count: addresses.length,
    };
    if (addresses.length < good.size) {
      this.#log.warn(
        { ...fields, given: good.size },
        'the naming gives more addresses than fit one client: the rest is not used',
      );
    } else this.#log.info(fields, 'the naming says where the service is');
    this.#client.setAddresses(addresses);
  }

  /** As many as fit. Where not all do, those that the client has come first: another order must cost no connection. */
  #choose(good: ReadonlyMap<string, Address>): Address[] {
    const { addressesMax } = this.#client;
    const given = [...good.keys()];
    const isUsed = (text: string): boolean => this.#used.has(text);
    const chosen =
      given.length <= addressesMax
        ? given
        : [...given.filter(isUsed), ...given.filter((text) => !isUsed(text))].slice(0, addressesMax);
    this.#used = new Set(chosen);
    return chosen.map((text) => good.get(text)!);
  }

  #warn(bad: readonly string[], isUseless: boolean): void {
    const what = isUseless
      ? 'nothing but what is no address, so nothing changes'
      : 'what is no address, which is left out';
    const message = `the naming gives ${what}: ${anAddressIs}`;
    this.#log.warn({ ...this.#fields(), bad: bad.slice(0, shownMax), badCount: bad.length }, message);
  }

  #fields(): object {
    return { service: this.#target.client, target: textOf(this.#target) };
  }
}

/** `consul://shop-stock`. */
export function textOf({ scheme, text }: Pick<NamingTarget, 'scheme' | 'text'>): string {
  return `${scheme}://${text}`;
}

/**
 * The target of a stand-alone client as its naming sees it; undefined: `heddle://` lists its addresses itself. Throws
 * INVALID_ARGUMENT for a naming that is none, and for another scheme than the naming's.
 */
export function namedTarget(
  definition: NamingDefinition,
  target: string | undefined,
  client: string,
): NamingTarget | undefined {
  checkNaming(definition);
  if (target?.startsWith('heddle://')) return undefined;
  const { name } = definition;
  if (!target?.startsWith(`${name}://`)) {
    throw new HeddleError(
      'INVALID_ARGUMENT',
      `the target ${JSON.stringify(target)} must begin with ${name}://, which its naming looks up, or with heddle://`,
    );
  }
  return { scheme: name, text: target.slice(name.length + 3), client };
}

/** The same for the same texts in another order. */
function keyOf(texts: Iterable<string>): string {
  return [...texts].sort().join();
}
