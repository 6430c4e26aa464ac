// Named addresses: what a plugin's naming said, read with care: it may be anything, and reading it may throw. Called by
// NamingWatch, on threads that own connections.

import { isIP, SocketAddress } from 'node:net';
import { type Address, addressText } from './address.ts';

/** What a naming said, read. */
export interface Said {
  /** Each once, by its text, in the order given. */
  good: Map<string, Address>;
  /** As texts. */
  bad: string[];
}

const namePattern = /^[a-z0-9]([a-z0-9._-]{0,252})$/;
const looksNumeric = /^[\d.]+$/;

/** Undefined: it is no list, or can't be read. Never throws. */
export function readSaid(said: unknown): Said | undefined {
  const good = new Map<string, Address>();
  const bad: string[] = [];
  try {
    if (!Array.isArray(said)) return undefined;
    for (const one of said) {
      const address = addressOf(one);
      if (address === undefined) bad.push(shown(one));
      else good.set(addressText(address), address);
    }
  } catch {
    return undefined;
  }
  return { good, bad };
}

/** Never throws: what is given may have getters. */
function addressOf(given: unknown): Address | undefined {
  try {
    return checked(given);
  } catch {
    return undefined;
  }
}

function checked(given: unknown): Address | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const { host, port } = given as { host?: unknown; port?: unknown };
  if (typeof host !== 'string' || typeof port !== 'number') return undefined;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  if (isIP(host) === 6) return { host: shortestIpv6(host), port };
  const lower = host.toLowerCase();
  if (isIP(lower) === 0 && (looksNumeric.test(lower) || !namePattern.test(lower))) return undefined;
  return { host: lower, port };
}

/** `0:0:0:0:0:0:0:1` is `::1`. The zone is an interface's name and stays as it is. */
function shortestIpv6(ip: string): string {
  const zoneAt = ip.indexOf('%');
  const address = zoneAt < 0 ? ip : ip.slice(0, zoneAt);
  return new SocketAddress({ address, family: 'ipv6' }).address + (zoneAt < 0 ? '' : ip.slice(zoneAt));
}

/** For logs, at most 100 characters. Never throws. */
export function shown(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, 100);
  } catch {
    return typeof value;
  }
}
