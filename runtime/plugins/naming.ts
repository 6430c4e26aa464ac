// Naming: where the servers of a client are, and the extension point by which a plugin says so. heddle.yaml names a target
// by its scheme (`consul://shop-stock?tag=eu`); each thread that owns connections to it watches it, and its channel takes
// the addresses as they change (net/client/naming-watch.ts).

import { HeddleError } from '../errors.ts';
import type { Registry } from './registry.ts';

/** Addresses of one target that are used at most: each holds connections on every thread that owns some. */
export const namedAddressesMax = 64;

/** What a client of heddle.yaml wants to have looked up: `target: consul://shop-stock?tag=eu`. */
export interface NamingTarget {
  /** `consul`: the naming's own name. */
  readonly scheme: string;
  /** `shop-stock?tag=eu`: what is written behind `://`, as it stands there. Unchecked: the naming knows its own. */
  readonly text: string;
  /** The service that is called, as `clients` names it: `shop.Stock`. */
  readonly client: string;
}

/** One address that a naming gives: `{ host: '10.0.0.7', port: 7000 }`. */
export interface NamedAddress {
  /** An IP address (IPv6 without brackets), or a name that DNS or the hosts file knows. */
  readonly host: string;
  readonly port: number;
}

/**
 * Takes all addresses that there are now, in place of those before; an empty list: there are none. Call it any number of
 * times, at once or later; it never throws. The same addresses again change nothing, in whatever order. What is no address
 * is left out; a list of which nothing is an address, though it is not empty, changes nothing. The log says so.
 */
export type NamingListener = (addresses: readonly NamedAddress[]) => void;

/** What a plugin adds: `{ name: 'consul', watch(target, listener) { … return () => { … } } }`. */
export interface NamingDefinition {
  /** The scheme of its targets: lower-case letters, digits, . + and -, at most 64. Unique on the thread. */
  name: string;
  /**
   * Called once for each client with such a target, on each thread that owns connections to it, before requests come. The
   * returned function ends the watch, when the thread stops; nobody waits for what that does, and the log says when it fails.
   * A throw fails the start of the thread, and so does a promise in place of the function, so throw only for a target that
   * can never be right; what can't be asked yet is asked again, and calls wait meanwhile.
   */
  watch(target: NamingTarget, listener: NamingListener): () => void;
}

/** What plugins have on IO and CPU threads. */
export interface NamingPoint {
  /** Throws INVALID_ARGUMENT for a wrong definition, ALREADY_EXISTS for a name that is taken. */
  naming(definition: NamingDefinition): void;
}

/** Schemes that mean something else already. */
const takenSchemes = ['heddle', 'http', 'https', 'heddles', 'unix'];

export function namingPoint(plugin: string, namings: Registry<NamingDefinition>): NamingPoint {
  return {
    naming: (definition) => {
      checkNaming(definition);
      namings.add(plugin, definition);
    },
  };
}

/** Throws INVALID_ARGUMENT, or ALREADY_EXISTS for a scheme of Heddle's own. */
export function checkNaming(definition: NamingDefinition): void {
  const named = `naming ${JSON.stringify(definition?.name)}`;
  if (typeof definition?.watch !== 'function') {
    throw new HeddleError(
      'INVALID_ARGUMENT',
      `${named} has no watch(target, listener); it calls listener([{ host, port }]) and returns a function that ends the watch`,
    );
  }
  if (isTakenScheme(definition.name)) {
    throw new HeddleError('ALREADY_EXISTS', `${named}: ${definition.name}:// has a meaning of its own; choose another`);
  }
}

/** Whether targets of this scheme can't be a naming's. */
export function isTakenScheme(scheme: string): boolean {
  return takenSchemes.includes(scheme) || scheme.endsWith('+unix');
}
