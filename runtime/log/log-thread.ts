// The log thread's main: the one thread that writes the log. Without plugins it sleeps in shared memory (LogBell), never
// in an event loop; it may block, since nobody waits for it but a flush with a bound of its own. When main has given it
// plugins, it does the same rounds, but its event loop turns while it sleeps.

import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { systemClock } from '../clock.ts';
import { type ErrorCode, HeddleError } from '../errors.ts';
import { installPlugins } from '../plugins/install.ts';
import { type DirectLogSink, isDirect, type LogSink, logSinkPoint } from '../plugins/log-sink.ts';
import type { PluginModule } from '../plugins/plan.ts';
import { Registry } from '../plugins/registry.ts';
import type { LogSettings, PluginOptions } from '../settings.ts';
import { LogBell } from '../shared/log-bell.ts';
import { builtInSink, type DestinationSettings } from './built-in-sink.ts';
import { complain, complainLogger } from './complain.ts';
import { LogDrain } from './drain.ts';
import type { LogPlugins } from './log-plugins.ts';
import type { LogWorkerSide } from './thread-logger.ts';

/** What main gives the log thread at its start. */
export interface LogThreadData {
  settings: LogSettings;
  bell: SharedArrayBuffer;
  control: MessagePort;
}

/** What main tells it while it runs; each is followed by an urgent ring. */
export type LogThreadMessage =
  /** `own`: the place of the log thread itself. `follows`: the place that had the ring before; 0: none. */
  | { do: 'add'; id: number; source: string; ring: SharedArrayBuffer; own: boolean; follows: number }
  | { do: 'end'; id: number }
  /** Once. `log` has been added as its own. It answers. */
  | { do: 'install'; plugins: readonly PluginModule[]; log: LogWorkerSide }
  /** The process begins to stop. */
  | { do: 'drain' };

/** Its answer to `install`; `failure`: a plugin was not installed. */
export interface LogThreadAnswer {
  failure?: { code: ErrorCode; message: string };
}

/** After a write lines gather for this long, ms, so that a busy process pays 200 wake-ups a second and not one per line. */
const lingerMs = 5;
/** Between two tries at a destination that takes nothing, ms. */
const blockedMs = 10;
/** At the end, sinks of plugins wait for so many of those tries, before they get what they have: half a second. */
const blockedTriesAtEnd = 50;

type Install = Extract<LogThreadMessage, { do: 'install' }>;

class LogThread {
  readonly #bell: LogBell;
  readonly #control: MessagePort;
  readonly #registry: Registry<LogSink>;
  readonly #drain: LogDrain;
  #told = false;
  #toInstall: Install | undefined;
  #plugins: LogPlugins | undefined;
  #drains = false;

  constructor({ bell, control }: LogThreadData, destination: DirectLogSink, registry: Registry<LogSink>) {
    this.#bell = new LogBell(bell);
    this.#control = control;
    this.#registry = registry;
    this.#drain = new LogDrain({
      sink: destination,
      clock: systemClock,
      complain,
      color: process.env.NO_COLOR === undefined,
      tee: (lines) => this.#plugins?.put(lines),
    });
  }

  /** Blocks until main has asked it to end, or has given it plugins: then it goes on with an event loop. */
  run(): void {
    for (;;) {
      const next = this.#round();
      if (this.#toInstall !== undefined) break;
      switch (next) {
        case 'pause':
          this.#bell.pause(blockedMs);
          break;
        case 'linger':
          this.#bell.linger(lingerMs, this.#obey);
          break;
        case 'park':
          this.#bell.park(this.#hasWork);
          break;
        case 'end':
          this.#close();
          return;
      }
    }
    void this.#runTurning(this.#toInstall);
  }

  async #runTurning(install: Install): Promise<void> {
    // A wait for shared memory keeps no event loop alive.
    this.#control.ref();
    void this.#install(install);
    try {
      await this.#rounds(blockedTriesAtEnd);
      await this.#plugins?.end();
      // What they have logged while they ended, and what the destination has not taken.
      await this.#rounds(Number.POSITIVE_INFINITY);
      this.#close();
      // Whatever plugins have left open.
      process.exit(0);
    } catch (reason) {
      complain(`the log thread fails: ${reason instanceof Error ? reason.stack : String(reason)}`);
      process.exit(1);
    }
  }

  /** Until main has asked for the end, and all is written or the destination has taken nothing for so many tries. */
  async #rounds(blockedTries: number): Promise<void> {
    for (let tries = 0; tries < blockedTries; ) {
      const next = this.#round();
      this.#plugins?.turn();
      switch (next) {
        case 'pause':
          if (this.#bell.closing) tries++;
          await this.#bell.pauseAsync(blockedMs);
          break;
        case 'linger':
          await this.#bell.lingerAsync(lingerMs, this.#obey);
          break;
        case 'park':
          await this.#bell.parkAsync(this.#hasWork);
          break;
        case 'end':
          return;
      }
    }
  }

  /** Writes what there is. Returns how to sleep until the next time. */
  #round(): 'pause' | 'linger' | 'park' | 'end' {
    this.#obey();
    this.#told = false;
    // Read before the round: what was put before close() is in it.
    const { closing } = this.#bell;
    const outcome = this.#drain.round();
    this.#bell.endRound();
    if (outcome === 'blocked') return 'pause';
    if (closing) return 'end';
    return outcome === 'wrote' ? 'linger' : 'park';
  }

  readonly #obey = (): boolean => {
    for (let read = receiveMessageOnPort(this.#control); read; read = receiveMessageOnPort(this.#control)) {
      const message = read.message as LogThreadMessage;
      switch (message.do) {
        case 'add':
          this.#drain.add(message.id, message.source, message.ring, message.own, message.follows);
          break;
        case 'end':
          this.#drain.end(message.id);
          break;
        case 'install':
          this.#toInstall = message;
          break;
        case 'drain':
          this.#drains = true;
          this.#plugins?.drain();
          break;
      }
      this.#told = true;
    }
    return this.#told || this.#bell.closing;
  };

  readonly #hasWork = (): boolean => this.#obey() || this.#drain.hasWork;

  /** Lines go on to the destination meanwhile; the sinks get those from the end of this on. */
  async #install({ plugins, log }: Install): Promise<void> {
    const answer: LogThreadAnswer = {};
    try {
      const { LogPlugins } = await import('./log-plugins.ts');
      this.#plugins = await LogPlugins.install({
        plugins,
        log,
        registry: this.#registry,
        note: (line) => {
          this.#drain.note(line);
          this.#bell.ring(true);
        },
        onBusy: (busy) => this.#bell.setSinksBusy(busy),
      });
      if (this.#drains) this.#plugins.drain();
    } catch (reason) {
      const { code, message } = HeddleError.from(reason);
      answer.failure = { code, message };
    }
    this.#control.postMessage(answer);
  }

  #close(): void {
    this.#drain.close();
    this.#control.close();
  }
}

/** The plugin that the settings name adds it; settings made by hand name none. Throws what is wrong with it. */
async function openDestination(settings: LogSettings, registry: Registry<LogSink>): Promise<DirectLogSink> {
  const { file, rotateBytes, rotateEveryMs, keepFiles, sinkModuleUrl } = settings;
  const destination: DestinationSettings = { rotateBytes, rotateEveryMs, keepFiles };
  if (file !== undefined) destination.file = file;
  if (sinkModuleUrl === undefined) {
    logSinkPoint('heddle.log-sinks', registry).logSink(builtInSink(destination, systemClock, complain));
  } else {
    const plugin = { name: 'heddle.log-sinks', moduleUrl: sinkModuleUrl, options: { ...destination } as PluginOptions };
    const thread = { kind: 'log', name: 'log', logger: () => complainLogger, clock: systemClock } as const;
    await installPlugins([plugin], thread, (name) => logSinkPoint(name, registry));
  }
  const [sink] = registry.all;
  if (sink !== undefined && isDirect(sink)) return sink;
  throw new HeddleError('FAILED_PRECONDITION', `${sinkModuleUrl} adds no log sink with writeSync, which the log needs`);
}

const data = workerData as LogThreadData;
const registry = new Registry<LogSink>('log sink');
new LogThread(data, await openDestination(data.settings, registry), registry).run();
