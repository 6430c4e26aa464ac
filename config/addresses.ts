// Addresses as they are written in a config or on the command line: what to listen on, what to call, whom to let in.

import { isIP, isIPv4 } from 'node:net';
import { quote } from '../document/quote.ts';
import type { Parsed, Refusal } from '../document/types.ts';
import { nearest } from '../runtime/nearest.ts';

export interface HostPort {
  /** Lower case, an IPv6 address without its brackets. */
  host: string;
  port: number;
}

export interface ListenAddress extends HostPort {
  /** `heddle`, `http`, or one that a plugin may add. */
  protocol: string;
}

/** Addresses of one client target at most: each holds connections on every IO thread. */
export const targetAddressesMax = 64;

/** The protocols that come with Heddle. */
export const builtInProtocols = ['heddle', 'http'] as const;
const namePattern = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;

/** `heddle://127.0.0.1:7000`, `http://[::1]:0`; port 0: the system picks a free one. */
export function parseListenAddress(text: string): Parsed<ListenAddress> {
  const scheme = parseScheme(text, builtInProtocols, pluginsMayAdd);
  if ('message' in scheme) return scheme;
  const address = parseHostPort(scheme.value.rest, 0, `${scheme.value.protocol}://`);
  if ('message' in address) return address;
  return { value: { protocol: scheme.value.protocol, ...address.value } };
}

/** `http://127.0.0.1:7199`, or the word `none`. */
export function parseAdminAddress(text: string): Parsed<HostPort | 'none'> {
  if (text === 'none') return { value: text };
  const scheme = parseScheme(text, ['http'] as const);
  if ('message' in scheme) return scheme;
  return parseHostPort(scheme.value.rest, 0, 'http://');
}

/** `heddle://10.0.0.1:7001,10.0.0.2:7001`: one or more addresses of one service. */
export function parseTarget(text: string): Parsed<HostPort[]> {
  const scheme = parseScheme(text, ['heddle'] as const);
  if ('message' in scheme) return scheme;
  const parts = scheme.value.rest.split(',');
  if (parts.length > targetAddressesMax) {
    return { message: `names ${parts.length} addresses; at most ${targetAddressesMax} fit one client` };
  }
  const addresses: HostPort[] = [];
  for (const part of parts) {
    const address = parseHostPort(part, 1, '');
    if ('message' in address) return address;
    const { host, port } = address.value;
    if (addresses.some((other) => other.host === host && other.port === port)) {
      return { message: `names ${part} twice`, part };
    }
    addresses.push(address.value);
  }
  return { value: addresses };
}

/** `10.0.0.0/8`, `2001:db8::/32`, or one address. */
export function parseCidr(text: string): Parsed<string> {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = address.includes('%') ? 0 : isIP(address);
  if (family === 0 || rest.length > 0) {
    return { message: `must be an IP address or a block such as 10.0.0.0/8, not ${quote(text)}` };
  }
  const bits = family === 4 ? 32 : 128;
  if (prefix !== undefined && !(/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits)) {
    return {
      message: `has the prefix length ${quote(prefix)}; for IPv${family} it is 0 to ${bits}`,
      part: `/${prefix}`,
    };
  }
  return { value: text };
}

/** Whether one listener keeps the other from its port: the same host, or one of them means all hosts. */
export function overlaps(left: HostPort, right: HostPort): boolean {
  if (left.port !== right.port || left.port === 0) return false;
  if (left.host === right.host || left.host === '::' || right.host === '::') return true;
  return covers(left.host, right.host) || covers(right.host, left.host);
}

/** Which of the two loopback addresses `localhost` is, the system knows: it is taken for both. */
const loopback = ['127.0.0.1', '::1'];

function covers(all: string, host: string): boolean {
  if (all === 'localhost') return loopback.includes(host);
  return all === '0.0.0.0' && (isIPv4(host) || isIP(host) === 0);
}

/** `127.0.0.1:7000`, `[::1]:7000`: as it is written behind `scheme://`. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Protocols whose names nobody else has: whether a plugin adds one is for its user to judge. */
const pluginsMayAdd = true;

/** What is wrong with an address of a protocol that does not come with Heddle. */
export function unknownProtocol(protocol: string): Refusal {
  return {
    message: `an entry of listen speaks ${quote(protocol)}, which is not known, and no plugin is listed that could add it`,
    part: protocol,
    allowed: [...builtInProtocols],
    suggestion: nearest(protocol, builtInProtocols),
  };
}

function parseScheme(text: string, known: readonly string[], open = false): Parsed<{ protocol: string; rest: string }> {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/s.exec(text);
  if (/^(unix:|[a-z]+\+unix:|[./]|\\\\)/i.test(text)) {
    return {
      message: 'names a unix socket: connections move between threads, which Node does for TCP only; give host:port',
    };
  }
  if (match === null) {
    return { message: `must begin with ${known.map((name) => `${name}://`).join(' or ')}, not ${quote(text)}` };
  }
  const [, written = '', rest = ''] = match;
  const protocol = known.find((name) => name === written);
  if (protocol !== undefined) return { value: { protocol, rest } };
  const isTls = /^(https|heddles)$/i.test(written);
  if (open && !isTls && /^[a-z][a-z0-9.+-]{0,63}$/.test(written)) return { value: { protocol: written, rest } };
  const refusal: Refusal = {
    message: `speaks ${quote(written)}, which is not known`,
    part: written,
    allowed: [...known],
  };
  if (isTls) {
    return { ...refusal, message: `speaks ${quote(written)}: Heddle does no TLS, so put a TLS proxy before it` };
  }
  return { ...refusal, suggestion: nearest(written, known) };
}

function parseHostPort(text: string, minPort: number, scheme: string): Parsed<HostPort> {
  const match = /^(\[[^\]]*\]|[^:/?#@[\]\s]*)(?::(\d{1,6}))?(.*)$/s.exec(text);
  const [, written = '', digits, rest = ''] = match ?? [];
  if (rest !== '') {
    const path = /^[/?#]/.test(rest);
    const message = path ? `ends after the port: take ${quote(rest)} out` : `must be host:port, not ${quote(text)}`;
    return {
      message: match?.[1]?.startsWith('[') || path ? message : `${message} (an IPv6 host needs brackets)`,
      part: rest,
    };
  }
  if (written === '') {
    return {
      message: `has no host: write ${scheme}127.0.0.1:${digits ?? 7000} for this machine alone, ${scheme}0.0.0.0:${digits ?? 7000} for every network`,
    };
  }
  if (digits === undefined) return { message: `has no port: write ${scheme}${written}:7000`, part: written };
  const port = Number(digits);
  if (port < minPort || port > 65_535) {
    return { message: `has the port ${digits}; ports are ${minPort} to 65535`, part: digits };
  }
  const host = written.startsWith('[') ? written.slice(1, -1) : written;
  const looksNumeric = /^[\d.]+$/.test(host);
  const right = written.startsWith('[')
    ? isIP(host) === 6
    : isIPv4(host) || (!looksNumeric && host.length <= 253 && namePattern.test(host));
  if (!right)
    return { message: `has the host ${quote(written)}, which is neither a name nor an IP address`, part: written };
  return { value: { host: host.toLowerCase(), port } };
}
