// Traffic of listeners: what `mirror` and `forward` of listen entries come to. Services that share an address share these
// too, so whoever writes one must write the same, or nothing.

import type { Place, ProblemList } from '../document/problem.ts';
import type { BindingSettings } from '../runtime/settings.ts';
import type { ListenerTraffic, TargetAddress } from '../runtime/traffic-settings.ts';
import { formatHostPort, overlaps } from './addresses.ts';
import type { Origins } from './origins.ts';
import type { CheckedBinding } from './schema.ts';

/** A listener, as far as it is known, and where its traffic was written. */
export interface TrafficOwner {
  settings: BindingSettings;
  givenTraffic: Map<keyof ListenerTraffic, Place>;
}

/** Takes over what one listen entry says; disagreements, and targets that can't be meant, are reported. */
export function applyTraffic(
  owner: TrafficOwner,
  entry: CheckedBinding,
  origins: Origins,
  problems: ProblemList,
): void {
  const { settings } = owner;
  const forward = entry.forward?.value;
  if (entry.forward !== undefined && forward !== undefined) {
    const { place } = entry.forward;
    if (forward.some((address) => overlaps(address, settings))) {
      problems.add(place, `${nameOf(settings)} forwards to itself: name another process, or take forward out`);
    }
    give(owner, 'forward', forward, place, origins, problems);
  }
  const place = entry.mirror[0]?.target.place;
  if (place === undefined) return;
  checkMirrors(entry, settings, problems);
  const mirror = entry.mirror.map(({ target, percent }) => ({ addresses: target.value ?? [], percent: percent.value }));
  give(owner, 'mirror', mirror, place, origins, problems);
}

/** A listener copies to others, and to each of them once. */
function checkMirrors(entry: CheckedBinding, settings: BindingSettings, problems: ProblemList): void {
  const seen = new Set<string>();
  for (const { target } of entry.mirror) {
    const addresses: readonly TargetAddress[] = target.value ?? [];
    const twice = addresses.find((address) => seen.has(formatHostPort(address)));
    if (addresses.some((address) => overlaps(address, settings))) {
      problems.add(target.place, `${nameOf(settings)} mirrors to itself: name another process, or take the mirror out`);
    } else if (twice !== undefined) {
      const message = `two mirrors of ${nameOf(settings)} name ${formatHostPort(twice)}: give it one, with the share of both`;
      problems.add(target.place, message);
    }
    for (const address of addresses) seen.add(formatHostPort(address));
  }
}

function give<Key extends keyof ListenerTraffic>(
  { settings, givenTraffic }: TrafficOwner,
  key: Key,
  value: ListenerTraffic[Key],
  place: Place,
  origins: Origins,
  problems: ProblemList,
): void {
  const before = givenTraffic.get(key);
  if (before !== undefined && JSON.stringify(settings.traffic[key]) !== JSON.stringify(value)) {
    const there = before.source.origin(before.start);
    problems.add(place, `${key} of ${nameOf(settings)} is another one at ${there}: one listener has one`);
    return;
  }
  givenTraffic.set(key, place);
  settings.traffic[key] = value;
  origins.note(settings.traffic, key, place);
}

function nameOf(settings: BindingSettings): string {
  return `${settings.protocol}://${formatHostPort(settings)}`;
}
