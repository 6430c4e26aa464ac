// Resolver: names to IP addresses without libuv's thread pool, which `dns.lookup` would use and which the whole process
// shares. IP literals answer themselves, `localhost` is loopback, /etc/hosts is read, all else asks DNS through c-ares.
// One per thread, shared by its clients; called by a subchannel before each attempt to connect.

import { promises as dns } from 'node:dns';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Clock } from '../../runtime/clock.ts';
import { HeddleError } from '../../runtime/errors.ts';

/** Names to IP literals; never an empty list. Rejects with UNAVAILABLE that names the host and the reason. */
export interface Resolver {
  resolve(host: string): Promise<readonly string[]>;
}

/** One record of a name. */
export interface AddressRecord {
  address: string;
  /** How long it may be kept, seconds. */
  ttl: number;
}

export interface CachingResolverOptions {
  clock: Clock;
  /** Asks DNS for one family of a name; rejects when there is none. Default: c-ares, 2 tries of 2 s. */
  query?: (host: string, family: 4 | 6) => Promise<AddressRecord[]>;
  /** The text of the hosts file. Default: /etc/hosts, read each time (a small file, synchronously: about 20 µs). */
  hostsFile?: () => string;
  /** Records are kept at least this long, ms, whatever their TTL. Default 1,000: a reconnect storm asks DNS once. */
  ttlMinMs?: number;
  /** And at most this long, ms. Default 60,000: a server that moved is found again within a minute. */
  ttlMaxMs?: number;
  /** Names kept; over it the oldest is dropped. Default 256. */
  namesMax?: number;
}

interface Known {
  addresses: readonly string[];
  untilMs: number;
}

export class CachingResolver implements Resolver {
  readonly #clock: Clock;
  readonly #query: (host: string, family: 4 | 6) => Promise<AddressRecord[]>;
  readonly #hostsFile: () => string;
  readonly #ttlMinMs: number;
  readonly #ttlMaxMs: number;
  readonly #namesMax: number;
  readonly #known = new Map<string, Known>();
  /** Questions under way: many subchannels of one name ask once. */
  readonly #asking = new Map<string, Promise<readonly string[]>>();

  constructor(options: CachingResolverOptions) {
    this.#clock = options.clock;
    this.#query = options.query ?? queryByCares();
    this.#hostsFile = options.hostsFile ?? readHostsFile;
    this.#ttlMinMs = options.ttlMinMs ?? 1_000;
    this.#ttlMaxMs = options.ttlMaxMs ?? 60_000;
    this.#namesMax = options.namesMax ?? 256;
  }

  async resolve(host: string): Promise<readonly string[]> {
    if (isIP(host) !== 0) return [host];
    const name = host.toLowerCase().replace(/\.$/, '');
    if (name === 'localhost' || name.endsWith('.localhost')) return ['127.0.0.1', '::1'];
    const known = this.#known.get(name);
    if (known !== undefined && known.untilMs > this.#clock.nowMs()) return known.addresses;
    return this.#asking.get(name) ?? this.#ask(name);
  }

  #ask(name: string): Promise<readonly string[]> {
    const asking = this.#find(name).finally(() => this.#asking.delete(name));
    this.#asking.set(name, asking);
    return asking;
  }

  async #find(name: string): Promise<readonly string[]> {
    const fromFile = hostsEntry(this.#hostsFile(), name);
    if (fromFile.length > 0) return this.#keep(name, fromFile, 0);
    // IPv6 only for names without IPv4: asked together, one unreachable family would fail half of the attempts.
    const records = await this.#query(name, 4)
      .catch(() => [])
      .then((four) => (four.length > 0 ? four : this.#query(name, 6)))
      .catch((cause: unknown) => {
        throw unresolved(name, cause);
      });
    if (records.length === 0) throw unresolved(name, 'it has no address');
    const ttlMs = Math.min(...records.map((record) => record.ttl)) * 1_000;
    return this.#keep(
      name,
      records.map((record) => record.address),
      ttlMs,
    );
  }

  #keep(name: string, addresses: readonly string[], ttlMs: number): readonly string[] {
    const keepMs = Math.min(Math.max(ttlMs, this.#ttlMinMs), this.#ttlMaxMs);
    this.#known.delete(name);
    if (this.#known.size >= this.#namesMax) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(name, { addresses, untilMs: this.#clock.nowMs() + keepMs });
    return addresses;
  }
}

/** The addresses that a hosts file gives a name, in its order. */
function hostsEntry(text: string, name: string): string[] {
  const found: string[] = [];
  for (const line of text.split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (names.some((other) => other.toLowerCase() === name) && isIP(address!) !== 0) found.push(address!);
  }
  return found;
}

function readHostsFile(): string {
  try {
    return readFileSync('/etc/hosts', 'utf8');
  } catch {
    return '';
  }
}

function queryByCares(): (host: string, family: 4 | 6) => Promise<AddressRecord[]> {
  const resolver = new dns.Resolver({ timeout: 2_000, tries: 2 });
  return (host, family) =>
    family === 4 ? resolver.resolve4(host, { ttl: true }) : resolver.resolve6(host, { ttl: true });
}

function unresolved(name: string, cause: unknown): HeddleError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new HeddleError('UNAVAILABLE', `the name ${name} could not be resolved: ${reason}`, { retry: 'yes', cause });
}
