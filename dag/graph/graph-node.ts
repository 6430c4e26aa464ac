// GraphNode: one node of a compiled graph: its edges as indexes, its expressions as functions, and what its policies have
// learnt on this thread. All runs of a graph on a thread share it.

import type { Join, NodeDefinition } from '../definition.ts';
import type { Evaluate } from '../expression/compile.ts';
import { Breaker } from '../policy/breaker.ts';
import { ValueCache } from '../policy/cache.ts';
import { Flights } from '../policy/flights.ts';
import { Latency } from '../policy/latency.ts';
import { Limiter } from '../policy/limiter.ts';
import { TokenBudget } from '../policy/token-budget.ts';

/** A run that waits for an equal run of the same node. */
export interface Follower {
  landed(value: unknown): void;
  crashed(error: unknown): void;
  /** The run that it waited for was cancelled or ran out of time: go on by yourself. False: it has no time either. */
  leads(): boolean;
}

/** `value`: the template of a fallback; `node`: the index of one. */
export type CompiledFallback =
  | { readonly kind: 'stale' }
  | { readonly kind: 'value'; readonly evaluate: Evaluate }
  | { readonly kind: 'node'; readonly node: number };

/** What compiling a node has made of its definition. */
export interface NodeParts {
  readonly index: number;
  /** `feed.recommend/rank`: for fibers, logs and errors. */
  readonly fullName: string;
  readonly hard: readonly number[];
  readonly soft: readonly number[];
  readonly when: Evaluate | undefined;
  /** Of `value` nodes: the value. */
  readonly input: Evaluate;
  readonly items: Evaluate | undefined;
  readonly itemSlot: number;
  readonly cacheKey: Evaluate | undefined;
  /** Parameters that its input reads, at any level, and whether some level changes its input. */
  readonly keyParameters: readonly number[];
  readonly isKeyedByLevel: boolean;
  readonly fallback: readonly CompiledFallback[];
  readonly light: number;
  readonly retries: number;
  readonly hedges: number;
}

export class GraphNode {
  readonly index: number;
  readonly name: string;
  readonly fullName: string;
  readonly definition: NodeDefinition;
  readonly isValue: boolean;
  readonly hard: readonly number[];
  readonly soft: readonly number[];
  /** Both, each once, rising. */
  readonly dependencies: readonly number[];
  /** Nodes that depend on it, rising, and whether hard. Set once all nodes are made. */
  consumers: readonly number[] = [];
  consumesHard: readonly boolean[] = [];
  readonly join: Join['kind'];
  /** Hard dependencies that must be done before it runs. */
  readonly needed: number;
  readonly when: Evaluate | undefined;
  readonly input: Evaluate;
  readonly items: Evaluate | undefined;
  readonly itemSlot: number;
  readonly cacheKey: Evaluate | undefined;
  /** Parameters that its values depend on besides the key: each of their values has keys of its own. */
  readonly keyParameters: readonly number[];
  readonly isKeyedByLevel: boolean;
  readonly fallback: readonly CompiledFallback[];
  /** -1: none. */
  readonly light: number;
  /** Infinity: none of its own. */
  readonly timeoutMs: number;
  /** Its work may be tried again or twice at once. Set when its module is loaded. */
  idempotent = true;
  /** It needs none of the steps between `when` and its one attempt. */
  readonly plain: boolean;

  /** Least ms from its end to the output. */
  tailMs = 0;
  /** Undefined: it takes no time. */
  readonly latency: Latency | undefined;
  readonly retryBudget: TokenBudget;
  readonly hedgeBudget: TokenBudget;
  readonly cache: ValueCache<unknown> | undefined;
  readonly flights: Flights<Follower> | undefined;
  readonly breaker: Breaker | undefined;
  readonly limiter: Limiter | undefined;

  constructor(definition: NodeDefinition, parts: NodeParts) {
    this.definition = definition;
    this.name = definition.name;
    this.index = parts.index;
    this.fullName = parts.fullName;
    this.isValue = definition.work.kind === 'value';
    this.hard = parts.hard;
    this.soft = parts.soft;
    this.dependencies = [...new Set([...parts.hard, ...parts.soft])].sort((left, right) => left - right);
    this.join = definition.join.kind;
    this.needed = neededOf(definition.join, parts.hard.length);
    this.when = parts.when;
    this.input = parts.input;
    this.items = parts.items;
    this.itemSlot = parts.itemSlot;
    this.cacheKey = parts.cacheKey;
    this.keyParameters = parts.keyParameters;
    this.isKeyedByLevel = parts.isKeyedByLevel;
    this.fallback = parts.fallback;
    this.light = parts.light;
    this.timeoutMs = definition.timeoutMs ?? Number.POSITIVE_INFINITY;
    const { retry, hedge, cache, breaker, concurrency } = definition;
    this.plain =
      retry === undefined &&
      hedge === undefined &&
      cache === undefined &&
      breaker === undefined &&
      concurrency === undefined &&
      parts.items === undefined &&
      parts.light === -1;
    this.latency = this.isValue ? undefined : new Latency();
    this.retryBudget = new TokenBudget(parts.retries);
    this.hedgeBudget = new TokenBudget(parts.hedges);
    this.cache = cache && new ValueCache(cache);
    this.flights = cache && new Flights();
    this.breaker = breaker && new Breaker(breaker);
    this.limiter = concurrency === undefined ? undefined : new Limiter(concurrency);
  }

  /** What it usually takes, ms; undefined: nothing is known. */
  usualMs(quantile: number, nowMs: number): number | undefined {
    return this.latency?.usualMs(quantile, this.definition.estimateMs, nowMs);
  }
}

function neededOf(join: Join, hard: number): number {
  if (join.kind === 'any') return 1;
  if (join.kind === 'quorum') return join.count;
  return join.kind === 'all' ? hard : 0;
}
