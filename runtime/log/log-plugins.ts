// LogPlugins (log thread): the plugins on the log thread and the sinks that they have added. Loaded only when there are
// some: without them the log thread has no logger of its own and no event loop.

import { systemClock } from '../clock.ts';
import { type InstalledPlugins, installPlugins } from '../plugins/install.ts';
import { type LogSink, logSinkPoint } from '../plugins/log-sink.ts';
import type { PluginModule } from '../plugins/plan.ts';
import type { Registry } from '../plugins/registry.ts';
import { LogSinks, type LogSinksOptions } from './log-sinks.ts';
import { StrayExceptions } from './stray-exceptions.ts';
import { connectLogger, type LogWorkerSide } from './thread-logger.ts';

export interface LogPluginsOptions extends Pick<LogSinksOptions, 'note' | 'onBusy'> {
  plugins: readonly PluginModule[];
  /** The log thread's own place in the log. */
  log: LogWorkerSide;
  /** Has the destination; what plugins add comes behind it. */
  registry: Registry<LogSink>;
}

export class LogPlugins {
  readonly #installed: InstalledPlugins;
  readonly #sinks: LogSinks;
  readonly #stray: StrayExceptions;

  /** Throws a HeddleError when one fails; those before it are disposed then, and no sink of theirs gets a line. */
  static async install({ plugins, log, registry, note, onBusy }: LogPluginsOptions): Promise<LogPlugins> {
    const logs = connectLogger(log);
    // The log must not end for what a socket of a plugin throws when nobody listens, and nothing could take the place of
    // this thread: it goes on. The log's own loop catches its own.
    const stray = new StrayExceptions(logs.component('plugins'), systemClock);
    process.on('uncaughtException', (reason: unknown) => stray.take(reason));
    const destination = registry.names;
    const thread = {
      kind: 'log',
      name: 'log',
      logger: (component: string) => logs.component(component),
      clock: systemClock,
    } as const;
    const installed = await installPlugins(plugins, thread, (plugin) => logSinkPoint(plugin, registry));
    const sinks = registry.all.filter(({ name }) => !destination.includes(name));
    return new LogPlugins(installed, new LogSinks({ sinks, clock: systemClock, note, onBusy }), stray);
  }

  private constructor(installed: InstalledPlugins, sinks: LogSinks, stray: StrayExceptions) {
    this.#installed = installed;
    this.#sinks = sinks;
    this.#stray = stray;
  }

  put(lines: Buffer): void {
    this.#sinks.put(lines);
  }

  turn(): void {
    this.#sinks.turn();
  }

  /** The process begins to stop. */
  drain(): void {
    this.#installed.drain();
  }

  /** The sinks write what waits and close, then the plugins are disposed: each within `disposeTimeoutMs`. Never throws. */
  async end(): Promise<void> {
    this.drain();
    await this.#sinks.end();
    await this.#installed.dispose();
    this.#stray.tellRest();
  }
}
