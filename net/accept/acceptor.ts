// Acceptor (main thread): owns the listening sockets, applies the limits that need no request, and hands each connection
// to the IO thread with the fewest. It never reads a byte: a connection moves to its thread unread. While no IO thread lives
// (the only one has died and is being replaced) connections wait here, within bounds; while the process runs out of files
// (file-watch.ts) they are refused, and where not one file is left the listeners are closed until there is room again.

import { EventEmitter } from 'eventemitter3';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { BindingSettings, LimitSettings } from '../../runtime/settings.ts';
import type { AcceptorCounter, CounterTable } from '../../runtime/shared/counters.ts';
import type { AcceptedConnection } from './accepted-connection.ts';
import { AccessList } from './access-list.ts';
import { ConnectionLedger } from './connection-ledger.ts';
import { type FileState, FileWatch } from './file-watch.ts';
import { type BoundAddress, Listeners } from './listeners.ts';
import { openFiles as countOpenFiles } from './open-files.ts';
import { type WaitingConnection, WaitingConnections } from './waiting-connections.ts';

/** Where a listener's connections may go: an IO thread that is alive. */
export interface ConnectionTarget {
  readonly number: number;
  /** Moves it to the thread. Throws when it can't be moved. */
  hand(accepted: AcceptedConnection, listener: number, connection: number): void;
}

export interface AcceptorOptions {
  /** One for each distinct address. */
  bindings: readonly BindingSettings[];
  limits: LimitSettings;
  /** How many files the process may open; Infinity: unknown. */
  openFilesMax: number;
  /** How many are open; Infinity: not one more can be opened. Default: asks the system. */
  openFiles?: () => number;
  targets: () => readonly ConnectionTarget[];
  /** Where the same is counted for whoever can't ask main; its one row. */
  counters?: CounterTable<AcceptorCounter>;
  clock: Clock;
  log: Logger;
}

/** Why a connection was closed at once; `no-io-thread`: after it had waited for one, or beyond the bound of those. */
export type RefusedReason =
  | 'denied'
  | 'open-files'
  | 'max-connections'
  | 'max-connections-per-ip'
  | 'max-connections-of-listener'
  | 'no-io-thread'
  | 'not-movable';

export interface AcceptorEvents {
  refused: (reason: RefusedReason) => void;
}

/** Since the start. */
export interface AcceptorCounts {
  /** Connections that had to wait for an IO thread. */
  waited: number;
  /** Times that accepting was paused because the process ran out of files, and went on again. */
  paused: number;
  resumed: number;
}

/** At most one line about refusals in this time, ms. */
const refusedLogEveryMs = 1_000;
/** At most one pause is told of in this time, ms; it is told of its end too. */
const pausedLogEveryMs = 1_000;
/** A listener that could not be opened again is tried again after this time, ms. */
const reopenMs = 1_000;
/** A connection that its IO thread has not confirmed after this time is lost, ms. */
const handOverMs = 5_000;
/** Files that the process needs beside its connections: at most so many, at most half of all. */
const otherFiles = 256;
const untilRoom =
  'new connections are refused until some are closed; raise the limit (ulimit -n), or find what keeps files open';

export class Acceptor extends EventEmitter<AcceptorEvents> {
  readonly ledger = new ConnectionLedger();
  readonly #options: AcceptorOptions;
  readonly #listeners: Listeners;
  #access: AccessList;
  readonly #waiting: WaitingConnections;
  readonly #files: FileWatch;
  #limits: LimitSettings;
  /** By listener; 0: only the process's bound. */
  #listenerMax: readonly number[];
  /** `limits.connections`, as far as the process may open files. */
  #maxConnections = 0;
  readonly #refused: Partial<Record<RefusedReason, number>> = {};
  readonly #counts: AcceptorCounts = { waited: 0, paused: 0, resumed: 0 };
  #refusedLoggedMs = Number.NEGATIVE_INFINITY;
  readonly #pausedLoggedMs = { short: Number.NEGATIVE_INFINITY, none: Number.NEGATIVE_INFINITY };
  /** The pause that goes on was told of. */
  #pauseTold = false;
  #reopenTimer: unknown;
  #turn = 0;
  #closed = false;

  constructor(options: AcceptorOptions) {
    super();
    this.#options = options;
    const { bindings, limits, openFilesMax, openFiles = countOpenFiles, clock, log } = options;
    this.#listeners = new Listeners(bindings, (accepted, listener) => this.#accept(accepted, listener), log);
    this.#access = new AccessList(limits);
    this.#limits = limits;
    this.#listenerMax = bindings.map(({ maxConnections }) => maxConnections);
    this.#waiting = new WaitingConnections({
      clock,
      onExpired: ({ accepted, connection }) => {
        this.ledger.close(connection);
        this.#refuse(accepted, 'no-io-thread');
      },
    });
    this.#files = new FileWatch({
      openFilesMax,
      openFiles,
      clock,
      onChange: (state, open) => this.#onFiles(state, open),
    });
    this.#boundConnections();
  }

  /** Other limits from now on. Connections that are open stay, also where they are too many. `bindings`: as at the start. */
  setLimits(limits: LimitSettings, bindings: readonly BindingSettings[]): void {
    const asked = this.#limits.connections;
    this.#limits = limits;
    this.#access = new AccessList(limits);
    this.#listenerMax = bindings.map(({ maxConnections }) => maxConnections);
    if (limits.connections !== asked) this.#boundConnections();
  }

  /** Connections refused since the start, by reason. */
  get refused(): Readonly<Partial<Record<RefusedReason, number>>> {
    return this.#refused;
  }

  get counts(): Readonly<AcceptorCounts> {
    return this.#counts;
  }

  /** Connections that wait for an IO thread now. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Opens all listeners; closes what it opened and throws, naming the address, when one can't be opened. */
  async listen(): Promise<BoundAddress[]> {
    const bound = await this.#listeners.open();
    if (!this.#closed) this.#files.start();
    return bound;
  }

  /** An IO thread goes: what waits for one is handed out. */
  handOut(): void {
    while (this.#waiting.size > 0) {
      const target = this.#target();
      if (target === undefined) return;
      this.#hand(this.#waiting.take()!, target);
    }
  }

  /** Stops listening, and closes what no thread has yet. Connections that were handed on are not touched. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#files.stop();
    if (this.#reopenTimer !== undefined) this.#options.clock.clearTimer(this.#reopenTimer);
    for (let waiting = this.#waiting.take(); waiting !== undefined; waiting = this.#waiting.take()) {
      this.ledger.close(waiting.connection);
      waiting.accepted.destroy();
    }
    await this.#listeners.close();
  }

  #accept(accepted: AcceptedConnection, listener: number): void {
    const ip = accepted.remoteAddress;
    // The peer is gone already, or we are going.
    if (ip === undefined || this.#closed) {
      accepted.destroy();
      return;
    }
    this.#forgetLost();
    this.#files.saw(accepted.descriptor);
    const refused = this.#reasonAgainst(ip, listener);
    if (refused !== undefined) {
      this.#refuse(accepted, refused);
      return;
    }
    const connection = this.ledger.enter(ip, listener);
    const waiting: WaitingConnection = { accepted, listener, connection };
    const target = this.#target();
    if (target !== undefined) {
      this.#hand(waiting, target);
    } else if (this.#waiting.add(waiting)) {
      this.#counts.waited++;
      this.#options.counters?.add(0, 'waited');
    } else {
      this.ledger.close(connection);
      this.#refuse(accepted, 'no-io-thread');
    }
  }

  #hand({ accepted, listener, connection }: WaitingConnection, target: ConnectionTarget): void {
    this.ledger.hand(connection, target.number, this.#options.clock.nowMs());
    try {
      target.hand(accepted, listener, connection);
    } catch (reason) {
      this.ledger.close(connection);
      this.#options.log.error({ err: reason }, 'a connection could not be moved to its IO thread');
      this.#refuse(accepted, 'not-movable');
    }
  }

  #forgetLost(): void {
    const lost = this.ledger.forgetLost(this.#options.clock.nowMs() - handOverMs);
    if (lost > 0) this.#options.log.error({ lost }, 'connections were lost on the way to their IO threads');
  }

  #reasonAgainst(ip: string, listener: number): RefusedReason | undefined {
    const { connectionsPerIp } = this.#limits;
    const { ledger } = this;
    const maxConnections = this.#listenerMax[listener]!;
    if (!this.#access.allows(ip)) return 'denied';
    if (this.#files.state !== 'room') return 'open-files';
    if (ledger.size >= this.#maxConnections) return 'max-connections';
    if (connectionsPerIp > 0 && ledger.ofIp(ip) >= connectionsPerIp) return 'max-connections-per-ip';
    if (maxConnections > 0 && ledger.ofListener(listener) >= maxConnections) return 'max-connections-of-listener';
    return undefined;
  }

  #boundConnections(): void {
    const { openFilesMax, log } = this.#options;
    const { connections } = this.#limits;
    this.#maxConnections = connectionsWithin(connections, openFilesMax);
    if (this.#maxConnections === connections) return;
    log.warn(
      { connections, openFilesMax, taken: this.#maxConnections },
      'the process may open fewer files (ulimit -n) than limits.connections asks for; so many connections are taken',
    );
  }

  /** The living IO thread with the fewest connections; in turn among equals. */
  #target(): ConnectionTarget | undefined {
    const targets = this.#options.targets();
    let best: ConnectionTarget | undefined;
    for (let offset = 0; offset < targets.length; offset++) {
      const target = targets[(this.#turn + offset) % targets.length]!;
      if (best === undefined || this.ledger.ofThread(target.number) < this.ledger.ofThread(best.number)) best = target;
    }
    this.#turn++;
    return best;
  }

  #refuse(accepted: AcceptedConnection, reason: RefusedReason): void {
    accepted.destroy();
    this.#refused[reason] = (this.#refused[reason] ?? 0) + 1;
    this.#options.counters?.add(0, `refused-${reason}`);
    this.emit('refused', reason);
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - this.#refusedLoggedMs < refusedLogEveryMs) return;
    this.#refusedLoggedMs = nowMs;
    this.#options.log.warn({ reason, refused: { ...this.#refused } }, 'connections are refused');
  }

  #onFiles(state: FileState, openFiles: number): void {
    const counts = this.#counts;
    if (state === 'room') {
      counts.resumed++;
      this.#options.counters?.add(0, 'resumed');
      if (this.#pauseTold) {
        const { openFilesMax } = this.#options;
        this.#options.log.warn(
          { openFiles, openFilesMax, ...counts },
          'files are free again: connections are accepted',
        );
      }
      this.#pauseTold = false;
      void this.#reopen();
    } else {
      if (counts.paused === counts.resumed) {
        counts.paused++;
        this.#options.counters?.add(0, 'paused');
      }
      if (state === 'none') this.#listeners.pause();
      this.#tellPause(state, openFiles);
    }
  }

  #tellPause(state: 'short' | 'none', openFiles: number): void {
    const { log, clock, openFilesMax } = this.#options;
    const nowMs = clock.nowMs();
    if (nowMs - this.#pausedLoggedMs[state] < pausedLogEveryMs) return;
    this.#pausedLoggedMs[state] = nowMs;
    this.#pauseTold = true;
    if (state === 'short') {
      log.warn({ openFiles, openFilesMax, ...this.#counts }, `nearly all files are in use: ${untilRoom}`);
    } else {
      log.error(
        { openFilesMax, ...this.#counts },
        `not one more file can be opened, listeners are closed: ${untilRoom}`,
      );
    }
  }

  /** Opens the listeners that a pause has closed; again and again, since another process may have taken an address. */
  async #reopen(): Promise<void> {
    const { log, clock } = this.#options;
    const failure = await this.#listeners.resume();
    if (failure === undefined || this.#closed || this.#reopenTimer !== undefined) return;
    log.error({ err: failure, againMs: reopenMs }, 'a listener could not be opened again');
    this.#reopenTimer = clock.setTimer(reopenMs, () => {
      this.#reopenTimer = undefined;
      if (this.#files.state !== 'none') void this.#reopen();
    });
  }
}

function connectionsWithin(connections: number, openFilesMax: number): number {
  return Math.min(connections, openFilesMax - Math.min(otherFiles, Math.ceil(openFilesMax / 2)));
}
