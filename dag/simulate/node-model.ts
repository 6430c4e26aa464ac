// NodeModel: what is known of how the nodes of a strategy behave, for simulations: latencies, failures, caches.

import { type ErrorCode, HeddleError } from '../../runtime/errors.ts';
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

/**
 * By node. Throws INVALID_ARGUMENT for shares and latencies that can't be. What is known of other nodes is left aside.
 */
export function nodeBehaviours(definition: StrategyDefinition, model: SimulationModel): Map<string, NodeBehaviour> {
  return new Map(definition.nodes.map((node) => [node.name, behaviourOf(node, modelOf(model, node.name))]));
}

/** Nodes of a model that the strategy has not: of another version, or a slip. */
export function unknownNodes(definition: StrategyDefinition, model: SimulationModel): string[] {
  const names = new Set(definition.nodes.map(({ name }) => name));
  return Object.keys(model).filter((name) => !names.has(name));
}

/** Nodes that do work and of which neither a latency nor an estimate is known: they take no time. */
export function withoutLatency(definition: StrategyDefinition, model: SimulationModel): Set<string> {
  const unknown = definition.nodes.filter(({ name, work, estimateMs }) => {
    return work.kind !== 'value' && estimateMs === undefined && modelOf(model, name).latency === undefined;
  });
  return new Set(unknown.map(({ name }) => name));
}

function modelOf(model: SimulationModel, name: string): NodeModel {
  return Object.hasOwn(model, name) ? model[name]! : {};
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
