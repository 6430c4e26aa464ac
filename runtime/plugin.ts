// definePlugin and what a plugin is given: the one interface by which code from outside adds to a process. A plugin's
// module exports it by default, heddle.yaml names the module, and it is installed once on each thread that it lives on.

import { HeddleError } from './errors.ts';
import type { Logger } from './logger.ts';
import type { AdminCommandPoint } from './plugins/admin-command.ts';
import type { CpuPoints, IoPoints } from './plugins/extensions.ts';
import type { LogSinkPoint } from './plugins/log-sink.ts';
import type { MainPoints } from './plugins/main-extensions.ts';
import type { PluginOptions } from './settings.ts';

/** The kinds of threads. A process has one `main`, one `admin` and one `log`, and as many `io` and `cpu` as its config says. */
export const threadKinds = ['main', 'io', 'cpu', 'admin', 'log'] as const;
/** Threads that plugins live on. `main`, `admin` and `log` are one each; `io` and `cpu` are as many as configured. */
export type ThreadKind = (typeof threadKinds)[number];

/**
 * What can be added on each kind of thread. An extension point is an interface of its own, in the file of what it
 * extends; here it is named on the threads where it exists, and so stands in the host that a plugin sees there.
 */
export interface ThreadPoints {
  main: MainPoints;
  io: IoPoints;
  cpu: CpuPoints;
  admin: AdminCommandPoint;
  log: LogSinkPoint;
}

/** What every plugin has on every thread. */
export interface PluginHostBase<Kind extends ThreadKind> {
  readonly thread: Kind;
  /** `io-1`, `ranking-2`, `main`, `admin`. */
  readonly threadName: string;
  /** `options` of heddle.yaml; this plugin's own copy. Empty when there are none. Unchecked: the plugin knows its own. */
  readonly options: PluginOptions;
  /** Component `plugin.NAME`, so that `log.levels` can name it. */
  readonly log: Logger;
  /**
   * Calls back once when the process begins to stop: requests are still finished, new ones no longer come. Nothing waits
   * for it; what must be finished belongs into the dispose function. A thread that ends alone is disposed only.
   */
  onDrain(listener: () => unknown): void;
}

/** Given to `install`: a union by `thread`, with the extension points of that thread. */
export type PluginHost<Kind extends ThreadKind = ThreadKind> = Kind extends ThreadKind
  ? PluginHostBase<Kind> & ThreadPoints[Kind]
  : never;

/** Gives back what install took, when the thread stops. A promise is awaited, up to `disposeTimeoutMs`. */
export type PluginDispose = () => unknown;

/** What `install` may return: what is to be done when the thread ends. */
export type PluginInstalled = PluginDispose | undefined;

/** What `definePlugin` takes. */
export interface PluginDefinition<Kind extends ThreadKind> {
  /** Unique in the process: letters, digits, `_`, `.` and `-`, beginning with a letter or `_`, at most 100. */
  name: string;
  /** Plugins that are installed before this one, where they are in the config: an order, not a need. Default: none. */
  after?: readonly string[];
  /** Where it lives. Other threads do not even load its module; main reads it once, at the start, to see this. */
  threads: readonly Kind[];
  /**
   * Called once on each of those threads, before requests come; on a thread that replaces another, again. A throw fails
   * the thread's start. All plugins of a thread together have `installTimeoutMs`.
   */
  install(host: PluginHost<Kind>): PluginInstalled | PromiseLike<PluginInstalled>;
}

/** A checked plugin. */
export interface Plugin {
  readonly [pluginMark]: true;
  readonly name: string;
  readonly after: readonly string[];
  readonly threads: readonly ThreadKind[];
  install(host: PluginHost): PluginInstalled | PromiseLike<PluginInstalled>;
}

/** The same in every copy of this package: a plugin may bring its own. */
export const pluginMark: unique symbol = Symbol.for('heddle.plugin');

const namePattern = /^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/;

/**
 * `export default definePlugin({ name: 'audit', threads: ['io'], install(host) { … return () => { … } } })`. Throws
 * INVALID_ARGUMENT for a definition that can't be one.
 */
export function definePlugin<const Kind extends ThreadKind>(definition: PluginDefinition<Kind>): Plugin {
  const { name, after = [], threads } = definition;
  if (typeof name !== 'string' || !namePattern.test(name)) {
    throw wrong(
      `${JSON.stringify(name)} can not name a plugin: letters, digits, _ . and -, beginning with a letter or _, at most 100`,
    );
  }
  if (!Array.isArray(after) || after.some((other) => typeof other !== 'string')) {
    throw wrong(`after of plugin ${name} must be a list of names of plugins`);
  }
  const kinds = `threads of plugin ${name} must be a list of ${threadKinds.join(', ')}`;
  if (!Array.isArray(threads) || threads.length === 0) throw wrong(`${kinds}, at least one of them`);
  const unknown = threads.find((thread) => !threadKinds.includes(thread));
  if (unknown !== undefined) throw wrong(`${kinds}; ${JSON.stringify(unknown)} is none of them`);
  if (typeof definition.install !== 'function') throw wrong(`plugin ${name} has no install(host)`);
  return {
    [pluginMark]: true,
    name,
    after: [...new Set<string>(after)],
    threads: threadKinds.filter((kind) => (threads as readonly ThreadKind[]).includes(kind)),
    // It is called only on its own threads.
    install: (host) => definition.install(host as PluginHost<Kind>),
  };
}

function wrong(what: string): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', what);
}
