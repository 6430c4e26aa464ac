// ClientHost: what a client needs of the thread that it runs on, by argument: time, chance, sockets, names. An IO
// thread brings its own; `standaloneHost` is the one for a plain Node process, made on first use, one per thread.

import { connect, type OnReadOpts, type Socket } from 'node:net';
import { type Clock, type Random, systemClock, systemRandom } from '../../runtime/clock.ts';
import { type Logger, silentLogger } from '../../runtime/logger.ts';
import { TimerWheel } from '../../runtime/timer-wheel.ts';
import { addBuiltInCodecs } from '../codec/built-in-codecs.ts';
import { CachingResolver, type Resolver } from './resolver.ts';

export interface ClientHost {
  readonly clock: Clock;
  readonly timers: TimerWheel;
  readonly random: Random;
  readonly log: Logger;
  /** The thread's one read buffer: valid during a read callback, shared by all its sockets. */
  readonly readBuffer: Buffer;
  readonly resolver: Resolver;
  /** Asks for `flush` at the end of this turn of the event loop; asked once a turn by each connection. */
  scheduleFlush(connection: { flush(): void }): void;
  /** Begins to connect to an IP literal. The socket reads through `onread` and sends small writes at once (no Nagle). */
  openSocket(ip: string, port: number, onread: OnReadOpts): Socket;
  /**
   * Sockets and timers of clients never keep the thread alive; work does. +1 when a call or unsent bytes appear, -1 when
   * they have gone.
   */
  hold(change: 1 | -1): void;
  /** Counts something by name, for logs and metrics: `client-malformed`, `client-connect-failed` … */
  count(event: string): void;
}

/** Opens a TCP socket to an IP literal: without a name in it, `connect` never touches `dns.lookup`. */
export function openTcpSocket(ip: string, port: number, onread: OnReadOpts): Socket {
  return connect({ host: ip, port, noDelay: true, onread });
}

/** 64 KiB: what one read of a socket gives at most. */
const readBufferBytes = 65_536;

let host: ClientHost | undefined;

/** The host of this thread's stand-alone clients. */
export function standaloneHost(): ClientHost {
  addBuiltInCodecs();
  host ??= makeHost();
  return host;
}

/** Timers of clients must not keep a process alive: see `ClientHost.hold`. */
const standaloneClock: Clock = {
  ...systemClock,
  setTimer: (delayMs, callback) => setTimeout(callback, delayMs).unref(),
};

/** What a test or a simulator may put in the place of the machine's own. */
export type HostParts = Partial<Pick<ClientHost, 'clock' | 'random' | 'log' | 'resolver' | 'openSocket' | 'count'>>;

/** A host on a plain event loop, with its own wheel and read buffer: for one thread, better `standaloneHost`. */
export function makeHost(parts: HostParts = {}): ClientHost {
  const clock = parts.clock ?? standaloneClock;
  return {
    clock,
    timers: new TimerWheel({ clock }),
    random: parts.random ?? systemRandom,
    log: parts.log ?? silentLogger,
    readBuffer: Buffer.allocUnsafeSlow(readBufferBytes),
    resolver: parts.resolver ?? new CachingResolver({ clock }),
    scheduleFlush: flushAtTurnEnd(),
    openSocket: parts.openSocket ?? openTcpSocket,
    hold: holdByAnchor(),
    count: parts.count ?? (() => {}),
  };
}

/**
 * By setImmediate, so after the callbacks and microtasks of this turn: the calls that follow from the replies of one
 * read share one write.
 */
function flushAtTurnEnd(): ClientHost['scheduleFlush'] {
  let asked: { flush(): void }[] = [];
  const flushAll = (): void => {
    const now = asked;
    asked = [];
    for (const connection of now) connection.flush();
  };
  return (connection) => {
    if (asked.push(connection) === 1) setImmediate(flushAll);
  };
}

/** Keeps the process alive while there is work, by a timer that is there to be referenced (12 ns, measured). */
function holdByAnchor(): ClientHost['hold'] {
  const anchor = setInterval(() => {}, 2 ** 31 - 1).unref();
  let holds = 0;
  return (change) => {
    holds += change;
    if (holds === 0) anchor.unref();
    else if (holds === 1 && change === 1) anchor.ref();
  };
}
