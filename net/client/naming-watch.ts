// NamingWatch: one client's target as a plugin's naming sees it, on a thread that owns connections to it. What the naming
// says is checked, bounded and handed to the channel; what is wrong in it is logged once for each change and left out.

import { isIP } from 'node:net';
import { HeddleError } from '../../runtime/errors.ts';
import type { Logger } from '../../runtime/logger.ts';
import { checkNaming, type NamingDefinition, type NamingTarget } from '../../runtime/plugins/naming.ts';
import { type Address, addressText } from './address.ts';

/** Who takes the addresses. */
export interface NamedClient {
  /** Addresses that it takes at most. */
  addressesMax: number;
  /** Checked, each once, at most so many. */
  setAddresses(addresses: readonly Address[]): void;
}

/** Addresses that one line of the log names. */
const shownMax = 8;

const namePattern = /^[a-z0-9]([a-z0-9._-]{0,252})$/;
const looksNumeric = /^[\d.]+$/;

export class NamingWatch {
  readonly #target: NamingTarget;
  readonly #client: NamedClient;
  readonly #log: Logger;
  readonly #end: () => void;
  #closed = false;
  /** What was said last, good and bad, as texts; undefined: nothing yet. */
  #said: string | undefined;

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
      const message = `${where} must return a function that ends the watch, not ${end instanceof Promise ? 'a promise' : typeof end}`;
      throw new HeddleError('FAILED_PRECONDITION', message);
    }
    this.#end = end as () => void;
  }

  /** Ends the watch; what it says from now on is not heard. Idempotent; never throws. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#end();
    } catch (reason) {
      this.#log.error({ ...this.#fields(), err: reason }, 'the naming did not end its watch');
    }
  }

  /** Never throws: it is called by the plugin. */
  #take(said: unknown): void {
    if (this.#closed) return;
    if (!Array.isArray(said)) {
      this.#log.error(
        { ...this.#fields(), given: shown(said) },
        'the naming gives no list of addresses: nothing changes',
      );
      return;
    }
    const { good, bad } = sorted(said);
    const key = `${[...good.keys()].join()} ${bad.join()}`;
    if (key === this.#said) return;
    this.#said = key;
    if (bad.length > 0) this.#warn(bad);
    const addresses = [...good.values()].slice(0, this.#client.addressesMax);
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

  #warn(bad: readonly string[]): void {
    const message =
      "the naming gives what is no address, which is left out: { host: '10.0.0.1', port: 7000 } is one, an IP address or a name, and a port from 1 to 65535";
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

/** Each good address once, by its text; the bad ones as texts. */
function sorted(said: readonly unknown[]): { good: Map<string, Address>; bad: string[] } {
  const good = new Map<string, Address>();
  const bad: string[] = [];
  for (const one of said) {
    const address = addressOf(one);
    if (address === undefined) bad.push(shown(one));
    else good.set(addressText(address), address);
  }
  return { good, bad };
}

function addressOf(given: unknown): Address | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const { host, port } = given as { host?: unknown; port?: unknown };
  if (typeof host !== 'string' || typeof port !== 'number') return undefined;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  const lower = host.toLowerCase();
  if (isIP(lower) === 0 && (looksNumeric.test(lower) || !namePattern.test(lower))) return undefined;
  return { host: lower, port };
}

function shown(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, 100);
  } catch {
    return typeof value;
  }
}
