// installPlugins: a thread's plugins, from install to dispose. Called once on each thread, before it serves; on main by
// the Server, on the others by what they run.

import type { Clock } from '../clock.ts';
import { HeddleError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { moduleProblem } from '../module-problem.ts';
import type {
  PluginDispose,
  PluginHost,
  PluginHostBase,
  PluginInstalled,
  ThreadKind,
  ThreadPoints,
} from '../plugin.ts';
import { formatDuration } from '../units.ts';
import type { PluginModule } from './plan.ts';
import { readPlugin } from './read-plugin.ts';
import { within } from './within.ts';

/**
 * How long all plugins of a thread together may take to load and install, ms: shorter than a thread's start may take, so
 * that the error names the plugin.
 */
export const installTimeoutMs = 20_000;
/** How long all plugins of a thread together may take to dispose, ms: half of what a thread has to end. */
export const disposeTimeoutMs = 500;

/** The thread that plugins are installed on. */
export interface PluginThread<Kind extends ThreadKind> {
  kind: Kind;
  /** `io-1`. */
  name: string;
  /** The logger of a component. */
  logger: (component: string) => Logger;
  clock: Clock;
}

/** The plugins of one thread. */
export interface InstalledPlugins {
  /** In the order of installation. */
  readonly names: readonly string[];
  /** The process begins to stop: calls what `onDrain` was given. Idempotent; never throws. */
  drain(): void;
  /** In reverse order, within `disposeTimeoutMs`; past it the rest is called and not waited for. Idempotent; never throws. */
  dispose(): Promise<void>;
}

interface Installed {
  name: string;
  log: Logger;
  dispose: PluginInstalled;
}

/**
 * Imports and installs `plugins` in their order. `pointsOf` gives the extension points of this kind of thread, as the
 * plugin of that name sees them. Throws with the plugin's name when one fails; those before it are disposed then.
 */
export async function installPlugins<Kind extends ThreadKind>(
  plugins: readonly PluginModule[],
  thread: PluginThread<Kind>,
  pointsOf: (plugin: string) => ThreadPoints[Kind],
): Promise<InstalledPlugins> {
  const installed = new ThreadPlugins(thread.clock);
  const endMs = thread.clock.nowMs() + installTimeoutMs;
  for (const plugin of plugins) {
    const log = thread.logger(`plugin.${plugin.name}`);
    let installing = true;
    const host: PluginHostBase<Kind> = {
      thread: thread.kind,
      threadName: thread.name,
      options: structuredClone(plugin.options),
      log,
      onDrain: (listener) => installed.onDrain(log, listener),
    };
    const points = pointsWhile(() => installing, plugin.name, pointsOf(plugin.name));
    try {
      const dispose = await installOne(plugin, { ...host, ...points } as unknown as PluginHost, {
        clock: thread.clock,
        boundMs: Math.max(0, endMs - thread.clock.nowMs()),
        onLate: (late) => installed.disposeLate(log, late),
      });
      installed.add({ name: plugin.name, log, dispose });
    } catch (reason) {
      await installed.dispose();
      const { code, message } = asHeddleError(reason, plugin);
      throw new HeddleError(code, `plugin ${plugin.name} was not installed on thread ${thread.name}: ${message}`, {
        cause: reason,
      });
    } finally {
      installing = false;
    }
  }
  return installed;
}

/** What has been added is read when install has ended: what comes after it would be accepted and never used. */
function pointsWhile(isInstalling: () => boolean, plugin: string, points: object): object {
  const whileInstalling = ([name, add]: [string, (definition: unknown) => void]) => [
    name,
    (definition: unknown): void => {
      if (isInstalling()) {
        add(definition);
        return;
      }
      const what = `plugin ${plugin} called host.${name} after its install had ended`;
      throw new HeddleError(
        'FAILED_PRECONDITION',
        `${what}, when nothing can be added: call it before install returns`,
      );
    },
  ];
  return Object.fromEntries(Object.entries(points).map(whileInstalling));
}

interface InstallBounds {
  clock: Clock;
  boundMs: number;
  onLate: (dispose: PluginInstalled) => void;
}

function installOne(module: PluginModule, host: PluginHost, { clock, boundMs, onLate }: InstallBounds) {
  const bound = formatDuration(installTimeoutMs);
  return within(
    boundMs,
    clock,
    async () => {
      const plugin = await readPlugin(module.moduleUrl);
      const dispose: unknown = await plugin.install(host);
      if (dispose === undefined || typeof dispose === 'function') return dispose as PluginInstalled;
      throw new HeddleError('FAILED_PRECONDITION', 'install must return a function that disposes, or nothing');
    },
    () => new HeddleError('DEADLINE_EXCEEDED', `the plugins of this thread did not install within ${bound}`),
    onLate,
  );
}

function asHeddleError(reason: unknown, { moduleUrl }: PluginModule): HeddleError {
  if (reason instanceof HeddleError) return reason;
  return new HeddleError('FAILED_PRECONDITION', moduleProblem(reason, moduleUrl, 'install'));
}

class ThreadPlugins implements InstalledPlugins {
  readonly #clock: Clock;
  readonly #installed: Installed[] = [];
  #onDrain: { log: Logger; listener: () => void }[] | undefined = [];
  #disposed: Promise<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get names(): string[] {
    return this.#installed.map(({ name }) => name);
  }

  add(installed: Installed): void {
    this.#installed.push(installed);
  }

  /** One that comes when the process has begun to stop is called at once. */
  onDrain(log: Logger, listener: () => unknown): void {
    if (this.#onDrain === undefined) callDrain(log, listener);
    else this.#onDrain.push({ log, listener });
  }

  drain(): void {
    const listeners = this.#onDrain ?? [];
    this.#onDrain = undefined;
    for (const { log, listener } of listeners) callDrain(log, listener);
  }

  dispose(): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  /** An install that ended when its time was over. */
  disposeLate(log: Logger, dispose: PluginInstalled): void {
    if (dispose !== undefined) void this.#disposeOne(log, dispose, disposeTimeoutMs);
  }

  async #dispose(): Promise<void> {
    const endMs = this.#clock.nowMs() + disposeTimeoutMs;
    for (const { log, dispose } of this.#installed.toReversed()) {
      if (dispose === undefined) continue;
      const leftMs = endMs - this.#clock.nowMs();
      const disposing = this.#disposeOne(log, dispose, Math.max(0, leftMs));
      if (leftMs > 0) await disposing;
    }
  }

  async #disposeOne(log: Logger, dispose: PluginDispose, boundMs: number): Promise<void> {
    const late = () =>
      new HeddleError('DEADLINE_EXCEEDED', `the plugins of this thread did not dispose within ${disposeTimeoutMs} ms`);
    try {
      await within(boundMs, this.#clock, async () => dispose(), late);
    } catch (reason) {
      log.error({ err: reason }, 'the plugin was not disposed');
    }
  }
}

/** Not awaited: a drain waits for requests, not for plugins. */
function callDrain(log: Logger, listener: () => unknown): void {
  const fail = (reason: unknown): void => log.error({ err: reason }, 'onDrain of the plugin failed');
  try {
    Promise.resolve(listener()).catch(fail);
  } catch (reason) {
    fail(reason);
  }
}
