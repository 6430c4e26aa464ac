// ProcessPlugins (main thread): the plugins of a process, as a part of its Actor. It starts before all threads, since it
// reads the plugins and so knows what each thread installs; it stops after them.

import type { Part } from '../actor.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { type ThreadKind, threadKinds } from '../plugin.ts';
import type { Settings } from '../settings.ts';
import { type InstalledPlugins, installPlugins } from './install.ts';
import { MainExtensions } from './main-extensions.ts';
import { loadPlugins, noPlugins, type PluginModule, type PluginPlan } from './plan.ts';

/** Main's side of the log thread, as far as plugins live there. */
export interface PluginLogThread {
  installPlugins(plugins: readonly PluginModule[]): Promise<void>;
  drainPlugins(): void;
}

export class ProcessPlugins implements Part {
  readonly name = 'plugins';
  /** What they have added on main; known once this part has started. */
  readonly extensions = new MainExtensions();
  readonly #settings: Pick<Settings, 'builtIn' | 'plugins'>;
  readonly #logger: (component: string) => Logger;
  readonly #logThread: PluginLogThread;
  readonly #clock: Clock;
  #plan: PluginPlan = noPlugins;
  #installed: InstalledPlugins | undefined;

  constructor(
    settings: Pick<Settings, 'builtIn' | 'plugins'>,
    logger: (component: string) => Logger,
    logThread: PluginLogThread,
    clock: Clock,
  ) {
    this.#settings = settings;
    this.#logger = logger;
    this.#logThread = logThread;
    this.#clock = clock;
  }

  /** What a thread of this kind installs, in its order; known once this part has started. */
  of(kind: ThreadKind): readonly PluginModule[] {
    return this.#plan[kind];
  }

  /** Throws what is wrong with the plugins, or with installing them here. */
  async start(): Promise<void> {
    const { builtIn, plugins } = this.#settings;
    this.#plan = await loadPlugins([...builtIn, ...plugins], this.#clock);
    // First, so that their sinks get what the others log.
    await this.#logThread.installPlugins(this.#plan.log);
    const thread = { kind: 'main', name: 'main', logger: this.#logger, clock: this.#clock } as const;
    this.#installed = await installPlugins(this.#plan.main, thread, (plugin) => this.extensions.mainPoints(plugin));
    if (plugins.length === 0) return;
    const order = Object.fromEntries(threadKinds.map((kind) => [kind, this.#plan[kind].map(({ name }) => name)]));
    this.#logger('plugins').info({ order }, 'plugins are installed in this order');
  }

  /** The process has begun to stop. */
  beginDrain(): void {
    this.#installed?.drain();
    this.#logThread.drainPlugins();
  }

  async drain(): Promise<void> {}

  async stop(): Promise<void> {
    await this.#installed?.dispose();
  }
}
