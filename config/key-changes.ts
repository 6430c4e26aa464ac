// keyChange: how a key of heddle.yaml changes in a running process, by the table of the settings that it becomes. For
// docs/config.md; a test asks for every key of the schema.

import { entryChanges, keyOf, type SettingChange, settingChanges } from '../runtime/setting-changes.ts';

/** Where the settings of a part are written. `*` stands for a name, or a place in a list. */
const places: Record<Exclude<keyof typeof settingChanges, 'whole'>, readonly string[]> = {
  io: ['io'],
  pools: ['pools.*', 'services.*.pool'],
  services: ['services.*'],
  listeners: ['services.*.listen.*'],
  clients: ['clients.*'],
  jobs: ['jobs.*'],
  compression: ['compression'],
  metrics: ['metrics'],
  limits: ['limits'],
  stop: ['stop'],
  quarantine: ['quarantine'],
  roll: ['roll'],
  log: ['log'],
  guardian: ['guardian'],
};

const { listeners, guardian } = settingChanges;

/** Keys that are no setting by themselves: defaults of others, switches, what a thing is known by. */
const others: Record<string, SettingChange> = {
  'services.*.listen.*.address': entryChanges.listeners,
  'limits.frame': listeners.frameBytes,
  'limits.writeBuffer': listeners.writeBufferBytes,
  'limits.idleTimeout': listeners.idleTimeoutMs,
  'limits.emptyTimeout': listeners.connectTimeoutMs,
  'guardian.enabled': guardian.restarts,
};

const byKey = new Map(Object.entries(others));
for (const [part, prefixes] of Object.entries(places)) {
  for (const prefix of prefixes) add(`${prefix}.`, settingChanges[part as keyof typeof places]);
}
add('', settingChanges.whole);

function add(prefix: string, changes: Readonly<Record<string, SettingChange>>): void {
  for (const [name, change] of Object.entries(changes)) {
    if (change.how === 'none') continue;
    for (const key of change.keys ?? [keyOf(name)]) {
      // What is written as one key changes as its first setting does, which says what the others do.
      if (!byKey.has(prefix + key)) byKey.set(prefix + key, change);
    }
  }
}

/** Undefined: nobody has said. `path`: `pools.*.threads`; what lies in a setting changes with it. */
export function keyChange(path: string): SettingChange | undefined {
  for (let at = path.length; at > 0; at = path.lastIndexOf('.', at - 1)) {
    const change = byKey.get(path.slice(0, at));
    if (change !== undefined) return change;
  }
  return undefined;
}

/** For the reference: `at once; open connections stay`. `path`: as in its headings, `pools.POOL.threads`. */
export function keyChangeText(path: string): string {
  const change = keyChange(path.replace(/\.[A-Z]+(?=\.|\[|$)/g, '.*').replaceAll('[]', '.*'));
  if (change === undefined) return '';
  const { how, pools, says } = change;
  const word =
    how === 'roll' ? `with a roll${pools === 'own' ? '' : ' of all pools'}` : how === 'live' ? 'at once' : how;
  return says === undefined ? word : `${word}: ${says}`;
}
