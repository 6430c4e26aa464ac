// readLatencies: what the admin of a running process says of the nodes of its strategies, as the model of a simulation.
// For `heddle dag simulate --latencies FILE`; pure.

import { HeddleError } from '../../runtime/errors.ts';
import type { Quantiles } from './latency-model.ts';
import type { NodeModel, SimulationModel } from './node-model.ts';

/** Strategies of one answer, and nodes of one of them. */
const strategiesMax = 10_000;
const nodesMax = 256;
/** Longest time that a latency may have: a day. */
const latencyMaxMs = 86_400_000;

const quantileKeys = { p50Ms: 'p50', p90Ms: 'p90', p95Ms: 'p95', p99Ms: 'p99', maxMs: 'max' } as const;

type Json = Readonly<Record<string, unknown>>;

/**
 * A model for each strategy, by its name. Takes `{ "feed.recommend": { "nodes": [{ "name": "rank", … }] } }`, the same
 * under `strategies`, or a list of strategies with `name` (or `strategy`) and `nodes`. A node has its latencies as
 * `latency: { p50Ms, p90Ms, p95Ms, p99Ms, maxMs }` or beside its name, its failures as `failedShare` or as counts
 * `done` and `failed`, its cache as `cachedShare` or the count `cached`; whatever else it has is left aside. Nodes that
 * have measured nothing are left out. Throws INVALID_ARGUMENT that names the part that is wrong.
 */
export function readLatencies(json: unknown): Map<string, SimulationModel> {
  const top = isMap(json) && json.strategies !== undefined ? json.strategies : json;
  const entries = entriesOf(top);
  if (entries.length > strategiesMax)
    throw wrong('latencies', `have ${entries.length} strategies, more than ${strategiesMax}`);
  return new Map(entries.map(([name, strategy]) => [name, modelOf(name, strategy)]));
}

function entriesOf(top: unknown): (readonly [name: string, strategy: unknown])[] {
  if (Array.isArray(top)) {
    return top.map((strategy: unknown, index) => {
      const name = isMap(strategy) ? (strategy.name ?? strategy.strategy) : undefined;
      if (typeof name !== 'string') throw wrong(`strategies[${index}]`, 'has no name');
      return [name, strategy] as const;
    });
  }
  if (isMap(top)) return Object.entries(top);
  throw wrong(
    'latencies',
    `are a map from strategy to { nodes: [{ name, latency }] }, as the admin's /strategies gives, not ${kindOf(top)}`,
  );
}

function modelOf(strategy: string, value: unknown): SimulationModel {
  const nodes = isMap(value) ? value.nodes : undefined;
  if (!Array.isArray(nodes)) throw wrong(`${strategy}.nodes`, `is a list of { name, latency }, not ${kindOf(nodes)}`);
  if (nodes.length > nodesMax) throw wrong(`${strategy}.nodes`, `has ${nodes.length} nodes, more than ${nodesMax}`);
  const models = nodes.map((node: unknown, index) => {
    const path = `${strategy}.nodes[${index}]`;
    if (!isMap(node) || typeof node.name !== 'string') throw wrong(path, 'has no name');
    return [node.name, nodeOf(node, path)] as const;
  });
  return Object.fromEntries(models.filter(([, model]) => Object.keys(model).length > 0));
}

function nodeOf(node: Json, path: string): NodeModel {
  const written = node.latency ?? node;
  if (!isMap(written)) throw wrong(`${path}.latency`, `is a map of p50Ms, p95Ms and others, not ${kindOf(written)}`);
  const quantiles = quantilesOf(written, node.latency === undefined ? path : `${path}.latency`);
  const failedShare = shareOf(node, path, 'failedShare', 'failed');
  const cachedShare = shareOf(node, path, 'cachedShare', 'cached');
  return {
    ...(quantiles === undefined ? {} : { latency: quantiles }),
    ...(failedShare === undefined ? {} : { failedShare }),
    ...(cachedShare === undefined ? {} : { cachedShare }),
  };
}

/** Undefined: nothing was measured. */
function quantilesOf(written: Json, path: string): Quantiles | undefined {
  const known: [name: string, ms: number][] = [];
  let highest = 0;
  for (const [key, name] of Object.entries(quantileKeys)) {
    const ms = numberAt(written, key, path, latencyMaxMs);
    if (ms === undefined) continue;
    // Each is the end of its bucket and the maximum is exact, so a higher one may come out a little lower.
    highest = Math.max(highest, ms);
    known.push([name, highest]);
  }
  return highest === 0 ? undefined : Object.fromEntries(known);
}

/** As a share, or of counts: of all that were done or failed. */
function shareOf(node: Json, path: string, shareKey: string, countKey: string): number | undefined {
  const share = numberAt(node, shareKey, path, 1);
  if (share !== undefined) return share;
  const counted = numberAt(node, countKey, path, Number.MAX_SAFE_INTEGER);
  const done = numberAt(node, 'done', path, Number.MAX_SAFE_INTEGER);
  if (counted === undefined || done === undefined) return undefined;
  const failed = numberAt(node, 'failed', path, Number.MAX_SAFE_INTEGER) ?? 0;
  return done + failed === 0 ? undefined : Math.min(1, counted / (done + failed));
}

function numberAt(map: Json, key: string, path: string, max: number): number | undefined {
  const value = map[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && value >= 0 && value <= max) return value;
  throw wrong(
    `${path}.${key}`,
    `is a number from 0 to ${max}, not ${typeof value === 'number' ? value : kindOf(value)}`,
  );
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function wrong(path: string, message: string): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', `${path} ${message}`, { retry: 'no' });
}
