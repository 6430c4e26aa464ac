// Listeners: what services listen on, brought together. Services that name the same address share one listener, so
// what they say about it must agree, wherever they say it.

import { defaultsOf } from '../document/check.ts';
import type { Place, ProblemList } from '../document/problem.ts';
import type { Field } from '../document/types.ts';
import type { BindingSettings } from '../runtime/settings.ts';
import { builtInProtocols, formatHostPort, type ListenAddress, overlaps, unknownProtocol } from './addresses.ts';
import { applyTraffic, type TrafficOwner } from './build-traffic.ts';
import type { Origins } from './origins.ts';
import type { CheckedBinding, CheckedConfig, CheckedListen } from './schema.ts';
import { bindingType } from './schema-network.ts';

/** One address, and what was written about it. */
interface Listener {
  address: ListenAddress;
  service: string;
  place: Place;
  settings: BindingSettings;
  /** Which bounds an entry of a service set, and where. */
  given: Map<keyof BindingSettings, Place>;
  givenTraffic: TrafficOwner['givenTraffic'];
}

/** A key of a listen entry and what it sets. */
const bounds = [
  ['maxConnections', 'maxConnections'],
  ['frame', 'frameBytes'],
  ['writeBuffer', 'writeBufferBytes'],
  ['timeout', 'timeoutMs'],
  ['connectTimeout', 'connectTimeoutMs'],
  ['readTimeout', 'readTimeoutMs'],
  ['writeTimeout', 'writeTimeoutMs'],
  ['idleTimeout', 'idleTimeoutMs'],
] as const;

const standard = defaultsOf(bindingType);

/**
 * Each service's bindings; a shared address has the same bounds at every service. Disagreements are reported.
 * `hasPlugins`: the config lists some, so that a protocol may be theirs.
 */
export function buildBindings(
  services: CheckedConfig['services'],
  limits: CheckedConfig['limits'],
  hasPlugins: boolean,
  origins: Origins,
  problems: ProblemList,
): Map<string, BindingSettings[]> {
  const listeners: Listener[] = [];
  const bindings = new Map<string, BindingSettings[]>();
  for (const [service, { value }] of services) {
    const own: BindingSettings[] = [];
    for (const entry of value.listen) {
      const written = addressOf(entry);
      if (written?.value === undefined) continue;
      const address = written.value;
      if (!hasPlugins && !(builtInProtocols as readonly string[]).includes(address.protocol)) {
        const { message, ...hints } = unknownProtocol(address.protocol);
        problems.add(schemeOf(written.place, address.protocol), message, hints);
        continue;
      }
      const shared = findListener(listeners, address, written.place, problems);
      if (shared === 'conflict') continue;
      if (shared !== undefined && own.includes(shared.settings)) {
        problems.add(written.place, `${service} listens on ${formatAddress(address)} twice`);
        continue;
      }
      const listener = shared ?? newListener(address, service, written.place, limits, origins);
      if (shared === undefined) listeners.push(listener);
      if (entry.long !== undefined) {
        applyBounds(listener, entry.long, origins, problems);
        applyTraffic(listener, entry.long, origins, problems);
      }
      own.push(listener.settings);
    }
    bindings.set(service, own);
  }
  return bindings;
}

function addressOf(entry: CheckedListen): Field<ListenAddress | undefined> | undefined {
  return entry.short ?? entry.long?.address;
}

function schemeOf(place: Place, protocol: string): Place {
  const start = place.source.text.indexOf(protocol, place.start);
  return { ...place, start, end: start + protocol.length };
}

function findListener(
  listeners: readonly Listener[],
  address: ListenAddress,
  place: Place,
  problems: ProblemList,
): Listener | 'conflict' | undefined {
  for (const other of listeners) {
    const samePort = other.address.host === address.host && other.address.port === address.port;
    if (samePort && other.address.protocol === address.protocol) return other;
    if (!overlaps(other.address, address)) continue;
    const there = `${other.service} has ${formatAddress(other.address)} (${originOf(other.place)})`;
    const why = samePort ? 'one port speaks one protocol' : 'both take the same port';
    problems.add(place, `${formatAddress(address)} can not be listened on: ${there}, and ${why}`);
    return 'conflict';
  }
  return undefined;
}

function newListener(
  address: ListenAddress,
  service: string,
  place: Place,
  limits: CheckedConfig['limits'],
  origins: Origins,
): Listener {
  const settings: BindingSettings = {
    ...address,
    maxConnections: standard.maxConnections.value,
    frameBytes: limits.frame.value,
    writeBufferBytes: limits.writeBuffer.value,
    timeoutMs: standard.timeout.value,
    connectTimeoutMs: limits.emptyTimeout.value,
    readTimeoutMs: standard.readTimeout.value,
    writeTimeoutMs: standard.writeTimeout.value,
    idleTimeoutMs: limits.idleTimeout.value,
    traffic: { mirror: [] },
  };
  origins.note(settings, 'frameBytes', limits.frame.place);
  origins.note(settings, 'writeBufferBytes', limits.writeBuffer.place);
  origins.note(settings, 'connectTimeoutMs', limits.emptyTimeout.place);
  origins.note(settings, 'idleTimeoutMs', limits.idleTimeout.place);
  return { address, service, place, settings, given: new Map(), givenTraffic: new Map() };
}

/** What one entry says; what two entries of one address say must be the same. */
function applyBounds(listener: Listener, entry: CheckedBinding, origins: Origins, problems: ProblemList): void {
  for (const [key, setting] of bounds) {
    const field = entry[key];
    if (field === undefined || field.place.source.kind === 'default') continue;
    const before = listener.given.get(setting);
    if (before !== undefined && listener.settings[setting] !== field.value) {
      const there = `${writtenAt(before)} at ${originOf(before)}`;
      const message = `${key} of ${formatAddress(listener.address)} is ${writtenAt(field.place)} here and ${there}: one listener has one`;
      problems.add(field.place, message);
      continue;
    }
    listener.given.set(setting, field.place);
    listener.settings[setting] = field.value;
    origins.note(listener.settings, setting, field.place);
  }
}

function originOf(place: Place): string {
  return place.source.origin(place.start);
}

function writtenAt(place: Place): string {
  return place.source.text.slice(place.start, place.end);
}

/** `heddle://127.0.0.1:7000`. */
export function formatAddress(address: ListenAddress): string {
  return `${address.protocol}://${formatHostPort(address)}`;
}
