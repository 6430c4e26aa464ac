// NodeModel: what is known of how the nodes of a strategy behave, for simulations: latencies, failures, caches.

import { type ErrorCode, HeddleError } from '../../runtime/errors.ts';
import { didYouMean } from '../../runtime/nearest.ts';
import type { NodeDefinition, StrategyDefinition } from '../definition.ts';
import { type LatencyInput, LatencyModel } from './latency-model.ts';

export interface NodeModel {
  /** Of one attempt. Default: the node's estimate as its p95; without one it takes no time. */
  readonly latency?: LatencyInput;
  /** Share 0..1 of attempts that fail. 0. */
  readonly failedShare?: number;
  /** What they fail with. UNAVAILABLE. */
  readonly failure?: ErrorCode;
  /** Share 0..1 of runs whose value its cache has. 0. */
  readonly cachedShare?: number;
  /** Share 0..1 of the others for which its cache has an old value, for `fallback: [stale]`. 0. */
  readonly staleShare?: number;
}

/** By node. */
export type SimulationModel = Readonly<Record<string, NodeModel>>;

export interface NodeBehaviour {
  readonly latency: LatencyModel | undefined;
  readonly failedShare: number;
  readonly failure: ErrorCode;
  readonly cachedShare: number;
  readonly staleShare: number;
}

/** By node. Throws INVALID_ARGUMENT for shares and latencies that can't be, and for nodes that there are not. */
export function nodeBehaviours(definition: StrategyDefinition, model: SimulationModel): Map<string, NodeBehaviour> {
  const names = definition.nodes.map(({ name }) => name);
  for (const name of Object.keys(model)) {
    if (names.includes(name)) continue;
    throw new HeddleError('INVALID_ARGUMENT', `${definition.name} has no node '${name}'${didYouMean(name, names)}`);
  }
  return new Map(definition.nodes.map((node) => [node.name, behaviourOf(node, model[node.name] ?? {})]));
}

function behaviourOf(node: NodeDefinition, model: NodeModel): NodeBehaviour {
  const { name, estimateMs } = node;
  const latency = model.latency ?? estimateMs;
  for (const key of ['failedShare', 'cachedShare', 'staleShare'] as const) {
    const share = model[key] ?? 0;
    if (share >= 0 && share <= 1) continue;
    throw new HeddleError('INVALID_ARGUMENT', `${key} of ${name} is a share from 0 to 1, not ${share}`);
  }
  return {
    latency: latency === undefined ? undefined : new LatencyModel(latency, `latency of ${name}`),
    failedShare: model.failedShare ?? 0,
    failure: model.failure ?? 'UNAVAILABLE',
    cachedShare: model.cachedShare ?? 0,
    staleShare: model.staleShare ?? 0,
  };
}
