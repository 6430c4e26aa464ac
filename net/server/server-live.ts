// ServerLive (main thread): the settings that may change while the process runs. It keeps what is valid now, gives it to
// threads that go, and on a reload tells all of them, and whoever asked, what changed and what needs a restart.

import type { DegraderSettings, LiveDegrader, LiveSettings } from '../../runtime/live-settings.ts';
import type { LogHub } from '../../runtime/log/hub.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Settings } from '../../runtime/settings.ts';
import { allocateLimits, CountLimit, RateLimit } from '../../runtime/shared/process-limits.ts';
import type { ToThread } from '../../runtime/thread-control.ts';
import { type Listener, listenersOf } from '../accept/listener.ts';
import { changedPaths } from './settings-diff.ts';

/** What a reload came to. */
export interface ReloadReport {
  /** Settings that have changed and hold from now on: `degraders.light.count`. */
  changed: string[];
  /** Settings that are different in the file and hold from the next start on. */
  needsRestart: string[];
}

export interface ServerLiveOptions {
  logHub: Pick<LogHub, 'setLevels'>;
  log: Logger;
  /** Posts to every thread of the process. */
  tell(message: ToThread): void;
}

function levelsOf({ log: { level, levels } }: Settings): Pick<Settings['log'], 'level' | 'levels'> {
  return { level, levels };
}

/** Keys of Settings that a reload takes over as a whole; what else is live is found by `withoutLive`. */
const liveKeys = ['degraders', 'samplers'] as const;

export class ServerLive {
  readonly #options: ServerLiveOptions;
  #settings: Settings;
  #live: LiveSettings;

  constructor(settings: Settings, options: ServerLiveOptions) {
    this.#settings = settings;
    this.#options = options;
    this.#live = liveOf(settings, listenersOf(settings), []);
  }

  /** As they are now. */
  get live(): LiveSettings {
    return this.#live;
  }

  /** The settings with what reloads have changed. */
  get settings(): Settings {
    return this.#settings;
  }

  /** Takes over what may change; the rest stays as it was and is named. */
  reload(next: Settings): ReloadReport {
    const needsRestart = changedPaths(withoutLive(this.#settings), withoutLive(next));
    const before = this.#settings;
    const merged = merge(before, next);
    const changed = changedPaths(before, merged);
    if (changed.length > 0) {
      const { logHub, tell } = this.#options;
      this.#settings = merged;
      this.#live = liveOf(merged, listenersOf(merged), this.#live.degraders);
      tell({ type: 'live', live: this.#live });
      const { level, levels } = merged.log;
      // What operators have set by hand stays unless the file says something new.
      if (changedPaths(levelsOf(before), levelsOf(merged)).length > 0) logHub.setLevels({ level, levels });
    }
    this.#options.log.info({ changed, needsRestart }, 'the settings were read again');
    return { changed, needsRestart };
  }
}

/** A degrader that has not changed goes on counting in its old cells. */
function liveOf(settings: Settings, listeners: readonly Listener[], before: readonly LiveDegrader[]): LiveSettings {
  return {
    degraders: settings.degraders.map((degrader) => {
      const old = before.find(({ name }) => name === degrader.name);
      const isSame = old !== undefined && sameLimit(old, degrader);
      return { ...degrader, cells: isSame ? old.cells : allocateLimits(Math.max(CountLimit.bytes, RateLimit.bytes)) };
    }),
    samplers: settings.samplers,
    traffic: listeners.map(({ binding }) => binding.traffic),
  };
}

function sameLimit(left: DegraderSettings, right: DegraderSettings): boolean {
  if ('count' in left) return 'count' in right && left.count === right.count && left.gapMs === right.gapMs;
  return 'perSecond' in right && left.perSecond === right.perSecond && left.burst === right.burst;
}

/** `running` with everything of `next` that may change while the process runs. */
function merge(running: Settings, next: Settings): Settings {
  const merged: Settings = { ...running, log: { ...running.log, level: next.log.level, levels: next.log.levels } };
  for (const key of liveKeys) Object.assign(merged, { [key]: next[key] });
  const traffic = new Map(listenersOf(next).map(({ binding }) => [addressOf(binding), binding.traffic]));
  merged.services = running.services.map((service) => ({
    ...service,
    listen: service.listen.map((binding) => ({
      ...binding,
      traffic: traffic.get(addressOf(binding)) ?? binding.traffic,
    })),
  }));
  return merged;
}

/** The rest of the settings, for comparing. */
function withoutLive(settings: Settings): object {
  // What builtIn has follows from other settings.
  const { log, services, builtIn: _, ...rest } = settings;
  for (const key of liveKeys) delete (rest as Partial<Settings>)[key];
  return {
    ...rest,
    log: { ...log, level: undefined, levels: undefined },
    services: services.map((service) => ({
      ...service,
      listen: service.listen.map((binding) => ({ ...binding, traffic: undefined })),
    })),
  };
}

function addressOf({ protocol, host, port }: { protocol: string; host: string; port: number }): string {
  return `${protocol}://${host}:${port}`;
}
