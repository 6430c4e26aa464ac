// Address: where one server listens, and how people write it: `heddle://10.0.0.1:7000,[::1]:7000`. Read once, when a
// client is made.

import { HeddleError } from '../../runtime/errors.ts';

export interface Address {
  /** An IP literal (IPv6 without brackets) or a DNS name. */
  host: string;
  port: number;
}

/** Addresses of one target: each costs connections and timers, and a balancer looks at all of them. */
export const addressesMax = 256;

const scheme = 'heddle://';
const bracketed = /^\[([0-9a-fA-F:.%a-z]+)\]:(\d{1,5})$/;
const plain = /^([a-zA-Z0-9._-]+):(\d{1,5})$/;

/** Reads `heddle://host:port,host:port`. Throws INVALID_ARGUMENT that names the part it could not read. */
export function parseTarget(target: string): Address[] {
  if (typeof target !== 'string' || !target.startsWith(scheme)) {
    throw invalid(`the target ${JSON.stringify(target)} must begin with ${scheme}, as in heddle://127.0.0.1:7000`);
  }
  const parts = target.slice(scheme.length).replace(/\/$/, '').split(',');
  return checkAddresses(parts.map((part) => parseAddress(part.trim(), target)));
}

/** Checks a list made by hand. Throws INVALID_ARGUMENT when it is empty, too long, or names a port outside 1..65535. */
export function checkAddresses(addresses: readonly Address[]): Address[] {
  if (addresses.length === 0) throw invalid('a client needs at least one address, as in heddle://127.0.0.1:7000');
  if (addresses.length > addressesMax) {
    throw invalid(
      `a client takes at most ${addressesMax} addresses, not ${addresses.length}: put a balancer before them`,
    );
  }
  for (const { host, port } of addresses) {
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw invalid(`the port of ${host}:${port} must be a whole number from 1 to 65535`);
    }
  }
  return addresses.map(({ host, port }) => ({ host, port }));
}

/** `127.0.0.1:7000`, `[::1]:7000`. */
export function addressText(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

function parseAddress(text: string, target: string): Address {
  const match = bracketed.exec(text) ?? plain.exec(text);
  if (match === null) {
    throw invalid(
      `${JSON.stringify(text)} in the target ${JSON.stringify(target)} is not host:port; an IPv6 address takes brackets, as in [::1]:7000`,
    );
  }
  return { host: match[1]!, port: Number(match[2]) };
}

function invalid(message: string): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', message);
}
