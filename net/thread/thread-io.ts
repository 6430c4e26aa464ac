// ThreadIo: what sockets need of the thread that owns them: the read buffer, the list of connections with something to
// write, names, and counts of what peers did. IO threads have more (io-host.ts); a CPU thread has one for clients whose
// connections it owns itself (`via: caller`).

import type { OnReadOpts, Socket } from 'node:net';
import type { Clock, Random } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { ThreadEndpoint } from '../../runtime/thread-endpoint.ts';
import type { TimerWheel } from '../../runtime/timer-wheel.ts';
import { type ClientHost, openTcpSocket } from '../client/host.ts';
import { CachingResolver, type Resolver } from '../client/resolver.ts';

/** What one read of a socket gives at most, bytes. */
const readBufferBytes = 65_536;
/** What peers did is logged together, at most once in this time, ms: one line, or two. */
const countsLogEveryMs = 1_000;
/** What an operator should see: peers that break the rules or hang. The rest is how peers come and go; clients name those that can't be had. */
const concerns = new Set([
  'malformed',
  'too-large',
  'pipeline-over',
  'cut-off-frame',
  'connect-timeout',
  'read-timeout',
  'write-timeout',
  'slow-reader',
  'one-way-failed',
  'client-malformed',
  'client-rejected',
  'client-ping-timeout',
  'forward-failed',
]);

export class ThreadIo implements ClientHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: TimerWheel;
  readonly log: Logger;
  readonly readBuffer: Buffer = Buffer.allocUnsafeSlow(readBufferBytes);
  readonly resolver: Resolver;
  /** Since the thread began, by name. */
  readonly counts = new Map<string, number>();
  readonly #endpoint: ThreadEndpoint;
  #toFlush: { flush(): void }[] = [];
  #flushing: { flush(): void }[] = [];
  #countsTimer: unknown;
  #recent: Record<string, number> = {};

  constructor(endpoint: ThreadEndpoint, clock: Clock, random: Random, log: Logger) {
    this.#endpoint = endpoint;
    this.clock = clock;
    this.random = random;
    this.timers = endpoint.timers;
    this.log = log;
    this.resolver = new CachingResolver({ clock });
  }

  scheduleFlush(connection: { flush(): void }): void {
    this.#toFlush.push(connection);
    this.#endpoint.wake();
  }

  /** Writes what this turn left to write. True when there was something. */
  flush(): boolean {
    if (this.#toFlush.length === 0) return false;
    // A flush may ask for another: that one belongs to the next turn.
    const now = this.#toFlush;
    this.#toFlush = this.#flushing;
    this.#flushing = now;
    for (const connection of now) connection.flush();
    now.length = 0;
    return true;
  }

  openSocket(ip: string, port: number, onread: OnReadOpts): Socket {
    return openTcpSocket(ip, port, onread);
  }

  /** The thread lives as long as the process: nothing to keep alive. */
  hold(): void {}

  count(event: string): void {
    this.#endpoint.counters.addNamed(this.#endpoint.number, event);
    this.counts.set(event, (this.counts.get(event) ?? 0) + 1);
    this.#recent[event] = (this.#recent[event] ?? 0) + 1;
    this.#countsTimer ??= this.clock.setTimer(countsLogEveryMs, () => this.logCounts());
  }

  /** Says what was counted and not yet told; also when the thread ends. */
  logCounts(): void {
    if (this.#countsTimer === undefined) return;
    this.clock.clearTimer(this.#countsTimer);
    this.#countsTimer = undefined;
    const recent = Object.entries(this.#recent);
    this.#recent = {};
    const concerning = recent.filter(([event]) => concerns.has(event));
    const harmless = recent.filter(([event]) => !concerns.has(event));
    if (concerning.length > 0) this.log.warn({ events: Object.fromEntries(concerning) }, 'peers misbehave or hang');
    if (harmless.length > 0) this.log.debug({ events: Object.fromEntries(harmless) }, 'peers');
  }
}
