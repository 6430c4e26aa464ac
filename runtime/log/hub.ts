// LogHub: the log as main sees it. It starts the log thread, gives each thread a ring to log into, waits for the log to
// be written when the process ends, and takes over when the log thread has died.

import { isatty } from 'node:tty';
import { BroadcastChannel, MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { type Clock, systemClock } from '../clock.ts';
import { HeddleError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { moduleUrl } from '../module-url.ts';
import { installTimeoutMs } from '../plugins/install.ts';
import type { PluginModule } from '../plugins/plan.ts';
import { within } from '../plugins/within.ts';
import type { LogSettings } from '../settings.ts';
import { allocateLogBell, LogBell } from '../shared/log-bell.ts';
import { allocateLogRing, LogRingReader, logRingBytes } from '../shared/log-ring.ts';
import { complain } from './complain.ts';
import { LogDrain } from './drain.ts';
import type { LogThreadAnswer, LogThreadData, LogThreadMessage } from './log-thread.ts';
import { checkLogFile } from './rotating-file.ts';
import { StandardSink } from './sink.ts';
import { type LogLevels, type LogWorkerSide, ThreadLogger } from './thread-logger.ts';

/** Threads that log at once: twice the 255 that may run, for those that are just being replaced. */
const maxSources = 510;
/** How long `process.exit` and a fatal line on main wait for the log thread, ms: it may only just be starting. */
const exitFlushMs = 5_000;
/** ... and how many of its rounds. Two write all there is; a destination that takes nothing makes one every 10 ms. */
const exitFlushRounds = 100;
/** ... and how long `process.exit` waits after that for the sinks of plugins, ms: a collector that is near has answered. */
const exitSinksMs = 500;
/** How much longer than its plugins the log thread may take to say how their installation went, ms. */
const installGraceMs = 1_000;
/** How long `close` waits for the log thread before it is ended by force, ms. */
const closeMs = 5_000;
/** How often main writes the lines itself once the log thread has died, ms. */
const fallbackEveryMs = 100;

/** One thread's place in the log. */
export interface LogAttachment {
  /** Goes to the thread, by `workerData` or `postMessage`; there `connectLogger(workerSide)`. */
  readonly workerSide: LogWorkerSide;
  /** To be called once the thread has exited: what it logged is still written, then its ring is freed. Idempotent. */
  detach(): void;
}

export interface LogHubOptions {
  /** Default: the machine's clock. */
  clock?: Clock;
  /** Bytes of one thread's lines that may wait, a power of two. Default: 1 MiB. */
  ringBytes?: number;
}

/**
 * Starts logging. Call once, on main. Throws FAILED_PRECONDITION when `settings.file` can't be written. Neither the log
 * thread nor a logger keeps the process alive; when it exits, lines logged until then are written (within 5 s).
 */
export function startLogThread(settings: LogSettings, options: LogHubOptions = {}): LogHub {
  if (settings.file !== undefined) checkLogFile(settings.file);
  return new LogHub(settings, options);
}

interface Source {
  name: string;
  memory: SharedArrayBuffer;
  ring: LogRingReader;
  /** Its thread has exited: forgotten once its ring is empty. */
  ended: boolean;
}

export class LogHub {
  /** The log thread, for whoever watches threads. It must not be ended but by `close`. */
  readonly thread: Worker;
  readonly #clock: Clock;
  readonly #ringBytes: number;
  readonly #bellMemory = allocateLogBell();
  readonly #bell = new LogBell(this.#bellMemory);
  readonly #control: MessagePort;
  readonly #levelChannel: BroadcastChannel;
  readonly #sources = new Map<number, Source>();
  /** Rings of threads that have exited, empty, with the place that each had: the next one goes on where that ended. */
  readonly #spare: { follows: number; memory: SharedArrayBuffer }[] = [];
  readonly #main: ThreadLogger;
  readonly #flushFatal = () => void this.#flush(exitFlushMs, exitFlushRounds);
  readonly #flushAtExit = () => {
    this.#flushFatal();
    if (this.#hasPlugins && this.#fallback === undefined) this.#bell.awaitSinks(exitSinksMs);
  };
  #levels: LogLevels;
  #nextId = 0;
  #hasPlugins = false;
  #state: 'running' | 'closing' | 'closed' = 'running';
  /** Set once the log thread has died. */
  #fallback: LogDrain | undefined;
  #fallbackTimer: NodeJS.Timeout | undefined;

  constructor(settings: LogSettings, { clock = systemClock, ringBytes = logRingBytes }: LogHubOptions) {
    this.#clock = clock;
    this.#ringBytes = ringBytes;
    this.#levels = { level: settings.level, levels: settings.levels };
    this.#levelChannel = new BroadcastChannel(`heddle-log-levels-${++hubs}`);
    this.#levelChannel.unref();
    const { port1, port2 } = new MessageChannel();
    this.#control = port1;
    port1.unref();
    const workerData: LogThreadData = { settings, bell: this.#bellMemory, control: port2 };
    // Without the process's own flags: a preloaded module or an inspector has no business on this thread.
    this.thread = new Worker(moduleUrl('./log-thread', import.meta.url), {
      name: 'heddle log',
      workerData,
      transferList: [port2],
      execArgv: [],
    });
    this.thread.unref();
    let reason = 'it ended';
    this.thread.on('error', (error: unknown) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    this.thread.on('exit', () => {
      if (this.#state === 'running') this.#takeOver(reason);
    });
    this.#main = new ThreadLogger(this.attach('main').workerSide, clock, this.#flushFatal);
    process.on('exit', this.#flushAtExit);
  }

  /** The logger of a component on the main thread. */
  logger(component: string): Logger {
    return this.#main.component(component);
  }

  /** A place in the log for another thread. Throws RESOURCE_EXHAUSTED over 510 threads that were not detached. */
  attach(source: string): LogAttachment {
    return this.#attach(source, false);
  }

  /**
   * Installs plugins on the log thread, which from then on has an event loop; their sinks get what is logged from when
   * this has resolved. Throws what is wrong with them, UNAVAILABLE when the thread has died, and FAILED_PRECONDITION the
   * second time.
   */
  async installPlugins(plugins: readonly PluginModule[]): Promise<void> {
    if (plugins.length === 0) return;
    const died = () => new HeddleError('UNAVAILABLE', 'the log thread has died, so its plugins were not installed');
    if (this.#fallback !== undefined) throw died();
    if (this.#hasPlugins) throw new HeddleError('FAILED_PRECONDITION', 'the log thread has its plugins already');
    this.#hasPlugins = true;
    const { workerSide } = this.#attach('log', true);
    const { promise, resolve, reject } = Promise.withResolvers<LogThreadAnswer>();
    const onExit = () => reject(died());
    const late = () => new HeddleError('DEADLINE_EXCEEDED', 'the log thread hangs while it installs its plugins');
    this.thread.once('exit', onExit);
    // A port with a listener keeps the process alive, as a start should.
    this.#control.once('message', resolve);
    this.#tell({ do: 'install', plugins, log: workerSide });
    try {
      const { failure } = await within(installTimeoutMs + installGraceMs, this.#clock, () => promise, late);
      if (failure !== undefined) throw new HeddleError(failure.code, failure.message);
    } finally {
      this.thread.off('exit', onExit);
      this.#control.off('message', resolve);
    }
  }

  /** The process begins to stop: tells the plugins on the log thread. */
  drainPlugins(): void {
    if (this.#hasPlugins && this.#fallback === undefined) this.#tell({ do: 'drain' });
  }

  #attach(source: string, own: boolean): LogAttachment {
    this.#forgetEnded();
    if (this.#sources.size >= maxSources) {
      throw new HeddleError(
        'RESOURCE_EXHAUSTED',
        `${maxSources} threads log already, so ${source} can't: detach those that have exited`,
      );
    }
    const id = ++this.#nextId;
    const { follows, memory } = this.#spare.pop() ?? { follows: 0, memory: allocateLogRing(this.#ringBytes) };
    this.#sources.set(id, { name: source, memory, ring: new LogRingReader(memory), ended: false });
    this.#tell({ do: 'add', id, source, ring: memory, own, follows });
    const workerSide: LogWorkerSide = {
      source,
      levels: this.#levels,
      ring: memory,
      bell: this.#bellMemory,
      channel: this.#levelChannel.name,
    };
    return { workerSide, detach: () => this.#detach(id) };
  }

  /** As they are now. */
  get levels(): LogLevels {
    return this.#levels;
  }

  /** Changes the levels on every thread that has connected; those on their way keep what they were given. */
  setLevels(levels: LogLevels): void {
    this.#levels = levels;
    this.#main.setLevels(levels);
    this.#levelChannel.postMessage(levels);
  }

  /**
   * Blocks until every line that any thread has logged so far is written, `timeoutMs` at most; false: it was not enough.
   * For the end of the process only; it also works in an `exit` handler.
   */
  flush(timeoutMs: number): boolean {
    return this.#flush(timeoutMs, Number.POSITIVE_INFINITY);
  }

  #flush(timeoutMs: number, maxRounds: number): boolean {
    const firstRound = this.#bell.rounds;
    const endMs = this.#clock.nowMs() + timeoutMs;
    const marks = Array.from(this.#sources.values(), ({ ring }) => ({ ring, tail: ring.tail }));
    for (;;) {
      const rounds = this.#bell.rounds;
      this.#fallback?.round();
      if (marks.every(({ ring, tail }) => ring.isPast(tail) && ring.dropped === 0)) return true;
      const leftMs = endMs - this.#clock.nowMs();
      if (leftMs <= 0 || rounds - firstRound > maxRounds || this.#state === 'closed') return false;
      this.#bell.ring(true);
      this.#bell.awaitRound(rounds, Math.min(leftMs, fallbackEveryMs));
    }
  }

  /** Writes what there is and ends the log thread, by force after 5 s. Lines logged from then on are lost. Idempotent. */
  async close(): Promise<void> {
    if (this.#state !== 'running') return;
    this.#state = 'closing';
    if (this.#fallback === undefined) {
      const exited = new Promise<void>((resolve) => this.thread.once('exit', () => resolve()));
      this.thread.ref();
      this.#bell.close();
      const timer = this.#clock.setTimer(closeMs, () => void this.thread.terminate());
      await exited;
      this.#clock.clearTimer(timer);
    } else {
      clearInterval(this.#fallbackTimer);
      this.#fallback.round();
      this.#fallback.close();
    }
    this.#state = 'closed';
    process.off('exit', this.#flushAtExit);
    this.#control.close();
    this.#levelChannel.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #detach(id: number): void {
    const source = this.#sources.get(id);
    if (source === undefined || source.ended) return;
    source.ended = true;
    this.#tell({ do: 'end', id });
    this.#forgetEnded();
  }

  /** A ring that still holds lines of a dead thread is kept: a flush waits for them, and a take-over reads them. */
  #forgetEnded(): void {
    for (const [id, { ended, ring, memory }] of this.#sources) {
      if (!ended || !ring.empty) continue;
      this.#sources.delete(id);
      if (ring.dropped === 0) this.#spare.push({ follows: id, memory });
    }
  }

  #tell(message: LogThreadMessage): void {
    if (this.#fallback !== undefined) {
      if (message.do === 'add')
        this.#fallback.add(message.id, message.source, message.ring, message.own, message.follows);
      else if (message.do === 'end') this.#fallback.end(message.id);
      return;
    }
    this.#control.postMessage(message);
    this.#bell.ring(true);
  }

  /** The rings outlive the log thread: main reads on where it stopped, to standard error, and touches no request anyway. */
  #takeOver(reason: string): void {
    complain(`the log thread has died (${reason}); main writes the log to standard error`);
    const sink = new StandardSink(2);
    this.#fallback = new LogDrain({ sink, clock: this.#clock, complain, color: isatty(2) });
    for (const [id, { name, memory, ended }] of this.#sources) {
      this.#fallback.add(id, name, memory);
      if (ended) this.#fallback.end(id);
    }
    this.#fallbackTimer = setInterval(() => this.#fallback?.round(), fallbackEveryMs);
    this.#fallbackTimer.unref();
    this.#fallback.round();
  }
}

let hubs = 0;
