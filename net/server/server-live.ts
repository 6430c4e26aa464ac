// ServerLive (main thread): the settings in force. It gives threads that go the part of them that may change while they
// run, and when others come, it tells everybody: main's own parts, all threads, the admin.

import type { Clock } from '../../runtime/clock.ts';
import type { DegraderSettings } from '../../runtime/gate-settings.ts';
import type { LiveDegrader, LiveSettings } from '../../runtime/live-settings.ts';
import type { LogHub } from '../../runtime/log/hub.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Settings } from '../../runtime/settings.ts';
import { allocateLimits, CountLimit, RateLimit } from '../../runtime/shared/process-limits.ts';
import { listenersOf } from '../accept/listener.ts';
import { isSame } from './settings-diff.ts';

/** How long `take` waits for threads that are busy; they hear of it when they turn, ms. */
const takenWaitMs = 1_000;

/** Of `limits.requests`, unless the settings say how many; and at least: a process that takes few may have one peer. */
const connectionShare = 1 / 8;
const perConnectionMin = 64;

export interface ServerLiveOptions {
  logHub: Pick<LogHub, 'setLevels'>;
  log: Logger;
  clock: Clock;
  /** These are in force: main's parts take them over, and every thread is told `live`. */
  onTaken(settings: Settings, live: LiveSettings): void;
  /** Turns the method table to these settings; resolves when all threads have turned. Undefined: nothing goes yet. */
  turn(settings: Settings): Promise<void> | undefined;
}

export class ServerLive {
  readonly #options: ServerLiveOptions;
  #settings: Settings;
  #live: LiveSettings;

  constructor(settings: Settings, options: ServerLiveOptions) {
    this.#settings = settings;
    this.#options = options;
    this.#live = liveOf(settings, []);
  }

  /** For threads, as they are now. */
  get live(): LiveSettings {
    return this.#live;
  }

  /** The settings with what reloads have changed. */
  get settings(): Settings {
    return this.#settings;
  }

  /**
   * These hold from now on: `merged` of a change whose rolls, if it needs any, are done. Threads that are born see them
   * when this returns; resolves when all threads have them, but for those that are busy for long. Never rejects.
   */
  async take(merged: Settings): Promise<void> {
    const { logHub, log, onTaken, turn } = this.#options;
    const before = this.#settings;
    this.#settings = merged;
    this.#live = liveOf(merged, this.#live.degraders);
    onTaken(merged, this.#live);
    const { level, levels } = merged.log;
    // What operators have set by hand stays unless the file says something new.
    if (level !== before.log.level || !isSame(levels, before.log.levels)) logHub.setLevels({ level, levels });
    // Behind the live settings on the same ports: who has turned has those too.
    const turned = turn(merged);
    if (turned === undefined || (await this.#isInTime(turned))) return;
    log.warn(
      { waitedMs: takenWaitMs },
      'threads are busy: they use the new settings when their handlers let them turn',
    );
  }

  async #isInTime(turned: Promise<void>): Promise<boolean> {
    const { clock } = this.#options;
    const over = Promise.withResolvers<false>();
    const timer = clock.setTimer(takenWaitMs, () => over.resolve(false));
    const isInTime = await Promise.race([turned.then(() => true), over.promise]);
    clock.clearTimer(timer);
    return isInTime;
  }
}

/** A degrader that has not changed goes on counting in its old cells. */
function liveOf(settings: Settings, before: readonly LiveDegrader[]): LiveSettings {
  const listeners = listenersOf(settings).map(({ binding }) => binding);
  const { io, pools, limits, clients } = settings;
  return {
    degraders: settings.degraders.map((degrader) => {
      const old = before.find(({ name }) => name === degrader.name);
      const goesOn = old !== undefined && sameLimit(old, degrader);
      return { ...degrader, cells: goesOn ? old.cells : allocateLimits(Math.max(CountLimit.bytes, RateLimit.bytes)) };
    }),
    samplers: settings.samplers,
    traffic: listeners.map(({ traffic }) => traffic),
    bounds: {
      maxRequests: limits.requests,
      maxPerConnection:
        limits.requestsPerConnection ?? Math.max(perConnectionMin, Math.ceil(limits.requests * connectionShare)),
      ioMemoryBytes: io.memoryBytes,
      pools: [{ ...io, name: 'io' }, ...pools].map(({ name, maxFibers, maxNested, cancelGraceMs }) => {
        return { name, maxFibers, maxNested, cancelGraceMs };
      }),
      listeners,
      clients,
    },
  };
}

function sameLimit(left: DegraderSettings, right: DegraderSettings): boolean {
  if ('count' in left) return 'count' in right && left.count === right.count && left.gapMs === right.gapMs;
  return 'perSecond' in right && left.perSecond === right.perSecond && left.burst === right.burst;
}
