// What a simulated process is given ready made, since in production other threads do it: strategies that were read and
// checked, and the plan of its plugins. Read once for all simulations of a config.

import { loadInThread } from '../../dag/load/load-in-thread.ts';
import type { LoadedStrategies, LoadKnown } from '../../dag/load/load-strategies.ts';
import { ServerLive } from '../../net/server/server-live.ts';
import { systemClock } from '../../runtime/clock.ts';
import { type LiveSettings, noLiveSettings } from '../../runtime/live-settings.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { loadPlugins, noPlugins, type PluginPlan } from '../../runtime/plugins/plan.ts';
import type { Settings } from '../../runtime/settings.ts';
import type { Namespace } from '../sim/module-factory.ts';

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

export function pluginPlan({ plugins }: Settings): Promise<PluginPlan> | PluginPlan {
  return plugins.length === 0 ? noPlugins : loadPlugins(plugins, systemClock);
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
