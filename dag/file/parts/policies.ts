// Policies of a node: what stands at the node, else what stands under `defaults`, for those that its work can have.

import type { Breaker, Cache, Fallback, Hedge, NodeDefinition, Retry } from '../../definition.ts';
import type { CheckedNode } from '../schema.ts';
import { type CheckedDefaults, hedgeDefaults } from '../schema-policies.ts';
import type { Reading } from './reading.ts';
import { checkSyntax, readTemplate } from './template.ts';
import type { WorkKey } from './work.ts';

export type Policies = Pick<
  NodeDefinition,
  'timeoutMs' | 'retry' | 'hedge' | 'breaker' | 'concurrency' | 'cache' | 'light' | 'estimateMs'
>;

/** Keys that a kind of work refuses, with the reason. */
const refusals: Partial<Record<WorkKey, { readonly keys: readonly (keyof CheckedNode)[]; readonly why: string }>> = {
  value: {
    keys: ['input', 'foreach', 'timeout', 'retry', 'hedge', 'breaker', 'concurrency', 'cache', 'light', 'estimate'],
    why: 'a value is worked out at once, from the names in it',
  },
  strategy: {
    keys: ['retry', 'hedge', 'breaker', 'concurrency'],
    why: 'a strategy has them at its own nodes',
  },
};

/** The node without the keys that its work refuses; those were reported. */
export function withoutRefused(name: string, work: WorkKey, node: CheckedNode, reading: Reading): CheckedNode {
  const { report } = reading;
  const { keys, why } = refusals[work] ?? { keys: [], why: '' };
  const written = keys.filter((key) => report.places.has(`nodes.${name}.${key}`));
  for (const key of written) report.add(`nodes.${name}.${key}~key`, `${name} can not have ${key}: ${why}`);
  if (work !== 'run' && report.places.has(`nodes.${name}.pool`)) {
    const because = { call: 'a call runs where its service does', strategy: 'its own nodes have pools', value: why };
    report.add(`nodes.${name}.pool~key`, `${name} can not have pool: ${because[work]}`);
    written.push('pool');
  }
  return { ...node, ...Object.fromEntries(written.map((key) => [key, undefined])) };
}

export function readPolicies(
  name: string,
  work: WorkKey,
  node: CheckedNode,
  defaults: CheckedDefaults,
  { report }: Reading,
): Policies {
  const written = (key: string) => report.places.has(`nodes.${name}.${key}`);
  // A key that was written and refused must not come back by its default.
  const pick = <Key extends keyof CheckedDefaults>(key: Key, has: boolean): CheckedDefaults[Key] | undefined =>
    has && !written(key) ? defaults[key] : node[key];
  const calls = work === 'run' || work === 'call';
  const timeoutMs = pick('timeout', work !== 'value')?.value;
  const concurrency = pick('concurrency', calls)?.value;
  return {
    timeoutMs: timeoutMs === 0 ? undefined : timeoutMs,
    retry: retryOf(pick('retry', calls)),
    hedge: hedgeOf(pick('hedge', calls)),
    breaker: breakerOf(pick('breaker', calls)),
    concurrency: concurrency === 0 ? undefined : concurrency,
    cache: cacheOf(name, node.cache, report),
    light: node.light?.value,
    estimateMs: node.estimate?.value,
  };
}

function retryOf(checked: CheckedDefaults['retry']): Retry | undefined {
  const retry = checked?.long;
  if (retry === undefined) return undefined;
  const on = [...new Set(retry.on.map((code) => code.value))];
  return { attempts: retry.attempts.value, backoffMs: retry.backoff.value, on };
}

function hedgeOf(checked: CheckedDefaults['hedge']): Hedge | undefined {
  const after = checked?.short?.value ?? checked?.long?.after?.value;
  if (after === undefined || after === 0) return undefined;
  const { max, minimum } = checked?.long ?? {};
  return {
    quantile: after,
    max: max?.value ?? hedgeDefaults.max,
    minimumMs: minimum?.value ?? hedgeDefaults.minimumMs,
  };
}

function breakerOf(checked: CheckedDefaults['breaker']): Breaker | undefined {
  const breaker = checked?.long;
  if (breaker === undefined) return undefined;
  return {
    failures: breaker.failures.value ?? 0,
    windowMs: breaker.window.value,
    minCalls: breaker.minCalls.value,
    openForMs: breaker.openFor.value,
  };
}

function cacheOf(name: string, cache: CheckedNode['cache'], report: Reading['report']): Cache | undefined {
  if (cache === undefined) return undefined;
  const key = cache.key?.value;
  if (key !== undefined) checkSyntax(key, `nodes.${name}.cache.key`, report);
  return {
    key: key ?? "''",
    ttlMs: cache.ttl?.value ?? 1,
    staleMs: cache.stale.value,
    maxEntries: cache.maxEntries.value,
  };
}

/** In their order; what was refused is left out. */
export function readFallbacks(name: string, fallback: CheckedNode['fallback'], { report }: Reading): Fallback[] {
  return (fallback ?? []).flatMap(({ short, long }, at): Fallback[] => {
    const path = `nodes.${name}.fallback[${at}]`;
    if (short?.value === 'stale') return [{ kind: 'stale' }];
    if (long === undefined) return [];
    const both = report.places.has(`${path}.value`) && report.places.has(`${path}.node`);
    const neither = !report.places.has(`${path}.value`) && !report.places.has(`${path}.node`);
    if (both || neither)
      report.add(path, `a fallback is stale, { value: … } or { node: … }: give it one of value and node`);
    if (long.value !== undefined) return [{ kind: 'value', value: readTemplate(long.value, `${path}.value`, report) }];
    return long.node?.value === undefined ? [] : [{ kind: 'node', node: long.node.value }];
  });
}
