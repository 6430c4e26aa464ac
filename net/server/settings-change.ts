// changeOf (main thread, at a reload): what it takes to bring a running process from its settings to others: what changes at
// once, what threads have only when they are born anew, and what needs a restart. By the table of
// runtime/setting-changes.ts; pure.

import {
  type Changes,
  entryChanges,
  keyOf,
  type SettingChange,
  settingChanges,
} from '../../runtime/setting-changes.ts';
import type { BindingSettings, ClientSettings, ServiceSettings, Settings } from '../../runtime/settings.ts';
import { listenersOf } from '../accept/listener.ts';
import { changedNames, changedPaths, isSame } from './settings-diff.ts';
import { withoutUnknownNames } from './unknown-names.ts';

/** Paths are those of heddle.yaml, with dots: `pools.ranking.threads`. */
export interface SettingsChange {
  /** The running settings with everything of the others that changes at once or by a roll. */
  merged: Settings;
  /** What changes at once. */
  live: string[];
  /** What only threads that are born anew have, by pool. Something that all threads have stands at several. */
  roll: Map<string, string[]>;
  /** What holds from the next start on. */
  restart: string[];
}

export interface ChangeOptions {
  /** False: what it would take a roll for needs a restart. */
  mayRoll?: boolean;
  /** Paths that stay as they run, and are named nowhere. */
  held?: ReadonlySet<string>;
}

export function changeOf(running: Settings, next: Settings, options: ChangeOptions = {}): SettingsChange {
  const { next: usable, waits } = withoutUnknownNames(running, next);
  const change = new Comparison(running, usable, options).result();
  return { ...change, restart: [...change.restart, ...waits] };
}

class Comparison {
  readonly #running: Settings;
  readonly #next: Settings;
  readonly #mayRoll: boolean;
  readonly #held: ReadonlySet<string>;
  readonly #live = new Set<string>();
  readonly #roll = new Map<string, Set<string>>();
  readonly #restart = new Set<string>();

  constructor(running: Settings, next: Settings, { mayRoll = true, held = new Set() }: ChangeOptions) {
    this.#running = running;
    this.#next = next;
    this.#mayRoll = mayRoll;
    this.#held = held;
  }

  result(): SettingsChange {
    const { whole, io, compression, metrics, limits, stop, quarantine, roll, log } = settingChanges;
    const [running, next] = [this.#running, this.#next];
    const merged: Settings = {
      ...this.#part('', running, { ...next, strategies: this.#strategies() }, whole),
      io: this.#part('io', running.io, this.#nextIo(), io, 'io'),
      pools: this.#pools(),
      services: this.#services(),
      clients: this.#clients(),
      jobs: this.#jobs(),
      compression: this.#part('compression', running.compression, next.compression, compression),
      metrics: this.#part('metrics', running.metrics, next.metrics, metrics),
      limits: this.#part('limits', running.limits, next.limits, limits),
      stop: this.#part('stop', running.stop, next.stop, stop),
      quarantine: this.#part('quarantine', running.quarantine, next.quarantine, quarantine),
      roll: this.#part('roll', running.roll, next.roll, roll),
      log: this.#part('log', running.log, next.log, log),
    };
    this.#guardian();
    return {
      merged,
      live: [...this.#live],
      roll: new Map(Array.from(this.#roll, ([pool, paths]) => [pool, [...paths]])),
      restart: [...this.#restart],
    };
  }

  #pools(): Settings['pools'] {
    const { services } = this.#running;
    return this.#named('pools', this.#running.pools, this.#next.pools, (name, before, after) => {
      const isInline = services.some((service) => service.name === name && service.pool === name);
      return this.#part(
        isInline ? `services.${name}.pool` : `pools.${name}`,
        before,
        after,
        settingChanges.pools,
        name,
      );
    });
  }

  #services(): Settings['services'] {
    const bindings = this.#listeners();
    const merged = this.#named('services', this.#running.services, this.#next.services, (name, before, after) => {
      this.#listensElsewhere(before, after);
      return this.#part(`services.${name}`, before, after, settingChanges.services, before.pool);
    });
    return merged.map((service) => ({
      ...service,
      listen: service.listen.map((binding) => bindings.get(addressOf(binding)) ?? binding),
    }));
  }

  /** Services that name one address share its listener, so bounds change by address. */
  #listeners(): Map<string, BindingSettings> {
    const after = new Map(listenersOf(this.#next).map(({ binding }) => [addressOf(binding), binding]));
    return new Map(
      listenersOf(this.#running).map(({ binding: before }) => {
        const address = addressOf(before);
        const binding = after.get(address) ?? before;
        const path = this.#pathOf(address);
        return [address, this.#part(path, before, binding, settingChanges.listeners)];
      }),
    );
  }

  /** `services.demo.Echo.listen.1`, of the first service that names it. */
  #pathOf(address: string): string {
    for (const { name, listen } of [...this.#next.services, ...this.#running.services]) {
      const index = listen.findIndex((binding) => addressOf(binding) === address);
      if (index >= 0) return `services.${name}.listen.${index + 1}`;
    }
    return 'services';
  }

  #listensElsewhere({ name, listen: before }: ServiceSettings, { listen: after }: ServiceSettings): void {
    for (const [left, right] of [
      [before, after],
      [after, before],
    ] as const) {
      const there = new Set(right.map(addressOf));
      for (const [index, binding] of left.entries()) {
        if (there.has(addressOf(binding))) continue;
        this.#note(entryChanges.listeners, [`services.${name}.listen.${index + 1}`]);
      }
    }
  }

  #clients(): Settings['clients'] {
    return this.#named('clients', this.#running.clients, this.#next.clients, (name, before, after) =>
      this.#part(`clients.${name}`, before, namedAsBefore(before, after), settingChanges.clients),
    );
  }

  /** Those of the next settings; main alone says when jobs run, and the threads of their pools must have their code. */
  #jobs(): Settings['jobs'] {
    const before = new Map(this.#running.jobs.map((job) => [job.name, job]));
    const after = new Set(this.#next.jobs.map(({ name }) => name));
    const gone = this.#running.jobs.filter(({ name }) => !after.has(name));
    const held = gone.filter(({ name }) => this.#held.has(`jobs.${name}`));
    for (const job of gone) if (!held.includes(job)) this.#live.add(`jobs.${job.name}`);
    const jobs = this.#next.jobs.flatMap((job) => {
      const path = `jobs.${job.name}`;
      const old = before.get(job.name);
      const isThere = this.#running.pools.some(({ name }) => name === job.pool);
      if (old === undefined) {
        return this.#note(isThere ? entryChanges.jobs : entryChanges.pools, [path], job.pool) ? [job] : [];
      }
      // Where it can't go it stays.
      if (!isThere && job.pool !== old.pool) this.#restart.add(`${path}.pool`);
      const pool = isThere ? job.pool : old.pool;
      return [this.#part(path, old, { ...job, pool }, settingChanges.jobs, pool)];
    });
    return [...jobs, ...held];
  }

  /** A frame that did not fit into the memory could never be read to its end. */
  #nextIo(): Settings['io'] {
    const { io, services } = this.#running;
    const { memoryBytes } = this.#next.io;
    const frames = services.flatMap(({ listen }) => listen.map(({ frameBytes }) => frameBytes));
    if (memoryBytes >= Math.min(io.memoryBytes, Math.max(0, ...frames))) return this.#next.io;
    this.#restart.add('io.memory');
    return { ...this.#next.io, memoryBytes: io.memoryBytes };
  }

  /** Files come and go by themselves; which are meant is the setting. */
  #strategies(): Settings['strategies'] {
    const [before, after] = [this.#running.strategies, this.#next.strategies];
    return isSame(before.find?.written ?? before.sources, after.find?.written ?? after.sources) ? before : after;
  }

  #guardian(): void {
    const [before, after] = [this.#running.guardian, this.#next.guardian];
    if (before !== undefined && after !== undefined) this.#part('guardian', before, after, settingChanges.guardian);
    else if (before !== after) this.#restart.add('guardian.enabled');
  }

  /** Those that run, in their order. */
  #named<Part extends { name: string }>(
    path: 'pools' | 'services' | 'clients',
    running: readonly Part[],
    next: readonly Part[],
    part: (name: string, before: Part, after: Part) => Part,
  ): Part[] {
    const after = new Map(next.map((one) => [one.name, one]));
    const merged = running.map((before) => {
      const same = after.get(before.name);
      after.delete(before.name);
      if (same !== undefined) return part(before.name, before, same);
      this.#note(entryChanges[path], [`${path}.${before.name}`]);
      return before;
    });
    for (const name of after.keys()) this.#note(entryChanges[path], [`${path}.${name}`]);
    return merged;
  }

  /** `running` with what may change of `next`. `pool`: whose threads have it. */
  #part<Part extends object>(
    path: string,
    running: Part,
    next: Part,
    changes: Partial<Changes<Part>>,
    pool?: string,
  ): Part {
    const merged = { ...running };
    for (const [name, change] of Object.entries(changes) as [keyof Part & string, SettingChange][]) {
      const [before, after] = [running[name], next[name]];
      if (change.how === 'none' || isSame(before, after)) continue;
      const paths = pathsOf(path, name, change, before, after);
      // Things with names in another order are the same.
      if (paths.length === 0 || !this.#note(change, paths, pool)) continue;
      if (after === undefined) delete merged[name];
      else merged[name] = after;
    }
    return merged;
  }

  /** False: it does not change before a restart. */
  #note(change: SettingChange, paths: readonly string[], pool = 'io'): boolean {
    if (paths.some((path) => this.#held.has(path))) return false;
    const pools = change.how === 'roll' ? this.#poolsOf(change, pool) : undefined;
    const found = change.how === 'live' ? [this.#live] : (pools ?? [this.#restart]);
    for (const path of paths) for (const set of found) set.add(path);
    return change.how === 'live' || pools !== undefined;
  }

  /** Undefined: the threads of pool `io` have it, which are not born anew. */
  #poolsOf({ pools }: SettingChange, own: string): Set<string>[] | undefined {
    if (!this.#mayRoll) return undefined;
    const isAll = pools !== 'own';
    if (isAll ? pools === 'all' && this.#hasWorkOnIo() : own === 'io') return undefined;
    const names = isAll ? this.#running.pools.map(({ name }) => name) : [own];
    return names.map((name) => {
      const paths = this.#roll.get(name) ?? new Set();
      this.#roll.set(name, paths);
      return paths;
    });
  }

  /** Jobs that leave, leave at once. */
  #hasWorkOnIo(): boolean {
    const { services, jobs } = this.#running;
    const isOnIo = ({ pool }: { pool: string }): boolean => pool === 'io';
    const stay = new Set(this.#next.jobs.filter(isOnIo).map(({ name }) => name));
    return services.some(isOnIo) || jobs.some((job) => isOnIo(job) && stay.has(job.name));
  }
}

/** Where the addresses come from does not change; so what they are changes only where they are written. */
function namedAsBefore(before: ClientSettings, after: ClientSettings): ClientSettings {
  return isSame(before.naming, after.naming) ? after : { ...after, addresses: before.addresses };
}

function pathsOf(path: string, name: string, change: SettingChange, before: unknown, after: unknown): string[] {
  const { keys = [keyOf(name)], isInline, hasEntries } = change;
  const below = (key: string): string => (path === '' ? key : `${path}.${key}`);
  if (isInline) return changedPaths(before, after).map(below);
  const [key] = keys as [string];
  if (hasEntries) return changedPaths(before, after).map((inner) => below(`${key}.${inner}`));
  if (!key.includes('*')) return [below(key)];
  return changedNames(before as object, after as object).map((entry) => below(key.replace('*', entry)));
}

function addressOf({ protocol, host, port }: BindingSettings): string {
  return `${protocol}://${host}:${port}`;
}
