// LoadedSet: one published set of strategies, ready to run on this thread: graphs compiled, modules imported, counters in
// place. Runs keep the set that they began with; the next one is loaded beside it.

import type { Clock } from '../../runtime/clock.ts';
import { CountLimit, RateLimit } from '../../runtime/shared/process-limits.ts';
import { StrategyCounters } from '../../runtime/shared/strategy-counters.ts';
import type { LimitDefinition, StrategyDefinition } from '../definition.ts';
import { LevelControl, type RunLimit } from '../degrade/level-control.ts';
import { StrategySignals } from '../degrade/signals.ts';
import type { ThreadSignals } from '../degrade/thread-signals.ts';
import { Graph } from '../graph/compile-graph.ts';
import type { NodeBody } from '../run/fiber-run.ts';
import { RequestCheck } from './check-request.ts';
import { loadBodies } from './load-bodies.ts';
import type { SetMemory, StrategySet } from './messages.ts';
import { runsAlike } from './module-strategies.ts';

export interface LoadedStrategy {
  /** In the set, for the counters. */
  readonly index: number;
  readonly definition: StrategyDefinition;
  readonly graph: Graph;
  readonly check: RequestCheck;
  readonly bodies: readonly NodeBody[];
  readonly control: LevelControl;
  readonly signals: StrategySignals;
  readonly limits: readonly RunLimit[];
  /** It has signals or breakers, so somebody has to look now and then. */
  readonly isWatched: boolean;
}

export class LoadedSet {
  readonly version: number;
  readonly counters: StrategyCounters;
  readonly strategies: ReadonlyMap<string, LoadedStrategy>;

  private constructor(version: number, counters: StrategyCounters, strategies: ReadonlyMap<string, LoadedStrategy>) {
    this.version = version;
    this.counters = counters;
    this.strategies = strategies;
  }

  /**
   * `previous`: strategies that are the same in it keep what they have learnt: caches, breakers, latencies, signals; of the
   * others levels that were raised stay raised. Throws FAILED_PRECONDITION with all that can't be loaded.
   */
  static async load(
    set: StrategySet,
    memory: SetMemory,
    previous: LoadedSet | undefined,
    thread: ThreadSignals,
    clock: Clock,
  ): Promise<LoadedSet> {
    const { definitions, version } = set;
    const kept = definitions.map((definition) => {
      const before = previous?.strategies.get(definition.name);
      return before !== undefined && runsAlike(before.definition, definition) ? before : undefined;
    });
    const loaded = await Promise.all(
      definitions.map((definition, index) => (kept[index] === undefined ? loadBodies(definition) : undefined)),
    );
    const limits = limitsOf(definitions, memory.limits);
    const strategies = definitions.map((definition, index) => {
      const same = kept[index];
      if (same !== undefined) return [definition.name, { ...same, index, limits: limits[index]! }] as const;
      const graph = new Graph(definition);
      for (const node of graph.nodes) node.idempotent = loaded[index]!.idempotent[node.index]!;
      const strategy: LoadedStrategy = {
        index,
        definition,
        graph,
        check: new RequestCheck(definition.request),
        bodies: loaded[index]!.bodies,
        control: new LevelControl(definition.degrade, previous?.strategies.get(definition.name)?.control),
        signals: new StrategySignals(thread, clock.nowMs()),
        limits: limits[index]!,
        isWatched:
          definition.degrade.signals.length > 0 || definition.nodes.some(({ breaker }) => breaker !== undefined),
      };
      return [definition.name, strategy] as const;
    });
    return new LoadedSet(version, new StrategyCounters(memory.counters, nodesOf(definitions)), new Map(strategies));
  }
}

/** Nodes of each strategy: the layout of a set's counters. */
export function nodesOf(definitions: readonly StrategyDefinition[]): number[] {
  return definitions.map(({ nodes }) => nodes.length);
}

/** Bytes for the limits of a set; all threads of the process share them. */
export function limitBytes(definitions: readonly StrategyDefinition[]): number {
  return allLimits(definitions).reduce((sum, limit) => sum + bytesOf(limit), 0);
}

function limitsOf(definitions: readonly StrategyDefinition[], memory: SharedArrayBuffer): RunLimit[][] {
  let at = 0;
  return definitions.map(({ degrade }) =>
    degrade.limits.map((limit) => {
      const offset = at;
      at += bytesOf(limit);
      return limit.kind === 'count' ? new CountLimit(memory, offset, limit) : new RateLimit(memory, offset, limit);
    }),
  );
}

function allLimits(definitions: readonly StrategyDefinition[]): LimitDefinition[] {
  return definitions.flatMap(({ degrade }) => degrade.limits);
}

function bytesOf({ kind }: LimitDefinition): number {
  return kind === 'count' ? CountLimit.bytes : RateLimit.bytes;
}
