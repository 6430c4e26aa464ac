// explainService: why a service gets the timeouts, the pool and the listeners that it gets, as a table for people:
// `heddle config --explain SERVICE`.

import { HeddleError } from '../runtime/errors.ts';
import { nearest } from '../runtime/nearest.ts';
import type { BindingSettings, IoSettings, PoolSettings, ServiceSettings, Settings } from '../runtime/settings.ts';
import type { ListenerTraffic, TargetAddress } from '../runtime/traffic-settings.ts';
import { formatBytes, formatDuration } from '../runtime/units.ts';
import { formatHostPort } from './addresses.ts';
import { explainAdmission } from './explain-admission.ts';
import { explainClient } from './explain-client.ts';
import { explainFilters, type FilteredPart } from './explain-filters.ts';
import { explainLimiters } from './explain-limiters.ts';
import { indent, orNone, table } from './explain-table.ts';
import { formatAddress } from './listeners.ts';
import type { Origins } from './origins.ts';

/** A timeout that may apply. */
interface Candidate {
  by: string;
  ms: number;
  origin: string;
}

/**
 * A text of several lines. `config` is what `readConfig` returned when there were no problems. Throws NOT_FOUND with the
 * nearest name when no service is called `name`.
 */
export function explainService(config: { settings: Settings; origins: Origins }, name: string): string {
  const { settings, origins } = config;
  const service = settings.services.find((candidate) => candidate.name === name);
  const filters = (part: FilteredPart): string[] => {
    const { heading, rows } = explainFilters(config, part, name);
    return ['', `  ${heading}`, ...indent(table(rows))];
  };
  if (service === undefined && settings.clients.some((one) => one.name === name))
    return explainCalled(config, name, filters('clients'));
  if (service === undefined) throw noService(settings, name);
  const pool = settings.pools.find((candidate) => candidate.name === service.pool);
  const client = settings.clients.find((candidate) => candidate.name === name);
  const limiters = explainLimiters(service, origins);
  const lines = [
    service.name,
    ...explainClient(client, origins),
    `  module  ${service.moduleUrl} (${origins.of(service, 'moduleUrl')})`,
    `  pool    ${service.pool} (${origins.of(service, 'pool')})`,
    ...indent(table(poolRows(pool ?? settings.io, origins))),
    '',
    '  timeouts: the smallest one that is set wins; the deadline of a client can only shrink it',
    ...indent(table(timeoutRows(service, pool ?? settings.io, origins))),
    '',
    service.listen.length === 0 ? '  listeners: none; only calls from inside the process reach it' : '  listeners',
    ...service.listen.flatMap((binding) => [
      `    ${formatAddress(binding)}`,
      ...indent(table(bindingRows(binding, origins)), 6),
    ]),
    '',
    '  requests of this service at once',
    `    ${orNone(service.maxConcurrency, String)} (${origins.of(service, 'maxConcurrency')})`,
    '',
    '  requests with less time left than their method takes',
    `    ${service.startLate === true ? 'started' : 'not started'} (${origins.of(service, 'startLate')})`,
    '',
    ...explainAdmission(service, origins),
    '',
    '  replies compressed, from this size on, for callers that take that',
    `    ${orNone(service.compressAboveBytes, formatBytes)} (${origins.of(service, 'compressAboveBytes')})`,
    '',
    `  ${limiters.heading}`,
    ...indent(table(limiters.rows)),
    ...filters('services'),
    ...filters('clients'),
  ];
  return `${lines.join('\n')}\n`;
}

/** A service that is called and not served here. */
function explainCalled(
  { settings, origins }: { settings: Settings; origins: Origins },
  name: string,
  filters: string[],
): string {
  const client = settings.clients.find((candidate) => candidate.name === name);
  return `${[name, ...explainClient(client, origins), ...filters].join('\n')}\n`;
}

function noService(settings: Settings, name: string): HeddleError {
  const names = settings.services.map((service) => service.name);
  const near = nearest(name, names);
  const hint = near === undefined ? '' : `; did you mean "${near}"?`;
  return new HeddleError(
    'NOT_FOUND',
    `no service is named ${JSON.stringify(name)}; there is ${names.join(', ')}${hint}`,
  );
}

function timeoutRows(service: ServiceSettings, pool: PoolSettings | IoSettings, origins: Origins): string[][] {
  const methods = Object.keys(service.methodTimeoutsMs).filter((method) => service.methodTimeoutsMs[method] !== 0);
  const rows = [['method', 'called through', 'timeout', 'because of', 'set are']];
  for (const method of [...methods, undefined]) {
    for (const binding of [...service.listen, undefined]) {
      const candidates = candidatesFor(service, pool, method, binding, origins).filter(({ ms }) => ms > 0);
      const elsewhere = binding?.traffic.forward === undefined ? 'nothing is set' : "the target's";
      const smallest = candidates.toSorted((left, right) => left.ms - right.ms)[0];
      rows.push([
        method ?? (methods.length > 0 ? 'any other' : 'any'),
        binding === undefined ? 'a call in the process' : formatAddress(binding),
        smallest === undefined ? 'none' : formatDuration(smallest.ms),
        smallest === undefined ? elsewhere : smallest.by,
        candidates.map(({ by, ms, origin }) => `${by} ${formatDuration(ms)} (${origin})`).join(', '),
      ]);
    }
  }
  return rows;
}

function candidatesFor(
  service: ServiceSettings,
  pool: PoolSettings | IoSettings,
  method: string | undefined,
  binding: BindingSettings | undefined,
  origins: Origins,
): Candidate[] {
  const found: Candidate[] = [];
  const add = (by: string, ms: number, part: object, key: string): void => {
    found.push({ by, ms, origin: origins.of(part, key) });
  };
  // What is forwarded does not run here: its target has a pool, a service and a method of its own.
  if (binding?.traffic.forward === undefined) {
    add('pool', pool.timeoutMs, pool, 'timeoutMs');
    add('service', service.timeoutMs, service, 'timeoutMs');
    const ofMethod = method === undefined ? undefined : service.methodTimeoutsMs[method];
    if (ofMethod !== undefined) add('method', ofMethod, service.methodTimeoutsMs, method!);
  }
  if (binding !== undefined) add('binding', binding.timeoutMs, binding, 'timeoutMs');
  return found;
}

function poolRows(pool: PoolSettings | IoSettings, origins: Origins): string[][] {
  const row = (label: string, key: string, value: string): string[] => [label, value, origins.of(pool, key)];
  const rows = [
    row('threads', 'threads', String(pool.threads)),
    row('fibers per thread', 'maxFibers', String(pool.maxFibers)),
    row('nested fibers per thread', 'maxNested', String(pool.maxNested)),
    row('queue', 'queueLength', String(pool.queueLength)),
    row(
      'memory per thread',
      'memoryBytes',
      pool.memoryBytes === undefined ? "V8's own" : formatBytes(pool.memoryBytes),
    ),
  ];
  if ('stackBytes' in pool) rows.push(row('stack per thread', 'stackBytes', formatBytes(pool.stackBytes)));
  return rows;
}

function bindingRows(binding: BindingSettings, origins: Origins): string[][] {
  const row = (label: string, key: keyof BindingSettings, format: (value: number) => string): string[] => {
    return [label, orNone(Number(binding[key]), format), origins.of(binding, key)];
  };
  return [
    row('connections', 'maxConnections', String),
    row('frame', 'frameBytes', formatBytes),
    row('write buffer', 'writeBufferBytes', formatBytes),
    row('connect timeout', 'connectTimeoutMs', formatDuration),
    row('read timeout', 'readTimeoutMs', formatDuration),
    row('write timeout', 'writeTimeoutMs', formatDuration),
    row('idle timeout', 'idleTimeoutMs', formatDuration),
    ...trafficRows(binding.traffic, origins),
  ];
}

/** Of a listener that has any. */
function trafficRows(traffic: ListenerTraffic, origins: Origins): string[][] {
  const { forward, mirror } = traffic;
  const rows = mirror.map(({ addresses, percent }) => {
    return ['mirror', `${percent} % to ${targetText(addresses)}`, origins.of(traffic, 'mirror')];
  });
  if (forward !== undefined) rows.push(['forward', targetText(forward), origins.of(traffic, 'forward')]);
  return rows;
}

function targetText(addresses: readonly TargetAddress[]): string {
  return `heddle://${addresses.map(formatHostPort).join()}`;
}
