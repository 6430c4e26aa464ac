// What a simulated process is given ready made, since in production other threads do it: strategies that were read and
// checked, and the plan of its plugins. Read once for all simulations of a config.

import { loadInThread } from '../../dag/load/load-in-thread.ts';
import type { LoadedStrategies, LoadKnown } from '../../dag/load/load-strategies.ts';
import { ServerLive } from '../../net/server/server-live.ts';
import { systemClock } from '../../runtime/clock.ts';
import { type LiveSettings, noLiveSettings } from '../../runtime/live-settings.ts';
import { silentLogger } from '../../runtime/logger.ts';
import type * as planModule from '../../runtime/plugins/plan.ts';
import { noPlugins, type PluginPlan } from '../../runtime/plugins/plan.ts';
import type { PluginSettings, Settings } from '../../runtime/settings.ts';
import type { Namespace } from '../sim/module-factory.ts';
import { sourceUrl } from '../sim/modules.ts';
import { Simulation } from '../sim/simulation.ts';

const strategiesOf = new Map<string, Promise<LoadedStrategies>>();

/** In the place of dag/load/load-in-thread.ts on main. */
export async function loadedStrategies({ strategies, pools }: Settings): Promise<Namespace> {
  const known: LoadKnown = { pools: new Set(pools.map(({ name }) => name)) };
  const key = JSON.stringify([strategies, [...known.pools!]]);
  let loading = strategiesOf.get(key);
  if (loading === undefined) {
    loading = loadInThread(strategies.sources, known);
    strategiesOf.set(key, loading);
  }
  const loaded = await loading;
  return { loadInThread: async () => structuredClone(loaded) };
}

const plansOf = new Map<string, Promise<PluginPlan>>();

export function pluginPlan({ plugins }: Settings): Promise<PluginPlan> | PluginPlan {
  if (plugins.length === 0) return noPlugins;
  const key = JSON.stringify(plugins);
  let planning = plansOf.get(key);
  if (planning === undefined) {
    planning = planOf(plugins);
    plansOf.set(key, planning);
  }
  return planning;
}

/** On a simulated thread that ends with it: what a plugin begins at its top level is nothing that the test process does. */
async function planOf(plugins: readonly PluginSettings[]): Promise<PluginPlan> {
  const simulation = new Simulation({ seed: 0, isPunctual: true });
  const thread = simulation.thread('plugins');
  let plan: Promise<PluginPlan> | undefined;
  let isOver = false;
  thread.post('start', 'reads the plugins', () => {
    const { loadPlugins } = thread.load<typeof planModule>(sourceUrl('runtime/plugins/plan'));
    plan = loadPlugins(plugins, thread.clock);
    const over = (): void => {
      isOver = true;
    };
    plan.then(over, over);
  });
  await simulation.run(() => isOver);
  return plan!;
}

/** Degraders and samplers; the bounds are those that threads are born with. */
export function liveSettings(settings: Settings): LiveSettings {
  const { live } = new ServerLive(settings, {
    logHub: { setLevels: () => {} },
    log: silentLogger,
    clock: systemClock,
    onTaken: () => {},
    turn: () => undefined,
  });
  return { ...noLiveSettings, degraders: live.degraders, samplers: live.samplers };
}
