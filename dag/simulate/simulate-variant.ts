// VariantRuns: all runs of one variant of a simulation, on one virtual clock and one graph, as on one thread: runs
// overlap, and what the graph learns from one serves the next.

import type { TimerTarget } from '../../runtime/timer-wheel.ts';
import { Graph } from '../graph/compile-graph.ts';
import type { GraphNode } from '../graph/graph-node.ts';
import type { Draws } from './draws.ts';
import { EventQueue } from './event-queue.ts';
import { FixedParameters } from './fixed-parameters.ts';
import { type Idempotent, setIdempotent } from './idempotent.ts';
import type { NodeBehaviour } from './node-model.ts';
import { sampleFailures } from './sample-failures.ts';
import type { Samples, Scenario } from './samples.ts';
import { runParameter, withSimulatedCaches } from './simulated-caches.ts';
import type { SimulatedVariant } from './simulation.ts';
import { Tally } from './tally.ts';
import { type AttemptBehaviour, VirtualRun } from './virtual-run.ts';
import type { Variant } from './what-if.ts';

/** What all variants have in common. */
export interface SimulatedWorld {
  readonly behaviours: ReadonlyMap<string, NodeBehaviour>;
  readonly samples: Samples;
  readonly draws: Draws;
  readonly runs: number;
  readonly warmUpRuns: number;
  readonly runsPerSecond: number;
  readonly idempotent: Idempotent | undefined;
}

/** Sentences about expressions that are kept. */
const problemsMax = 20;

export class VariantRuns implements TimerTarget {
  readonly problems = new Set<string>();
  readonly #variant: Variant;
  readonly #world: SimulatedWorld;
  readonly #graph: Graph;
  readonly #tally: Tally;
  readonly #events = new EventQueue();

  constructor(variant: Variant, world: SimulatedWorld) {
    this.#variant = variant;
    this.#world = world;
    this.#graph = new Graph(withSimulatedCaches(variant.definition));
    setIdempotent(this.#graph, world.idempotent);
    this.#tally = new Tally(this.#graph, world.runs);
  }

  run(): SimulatedVariant {
    this.#events.add(0, this, 0);
    while (this.#events.step());
    return this.#tally.result(this.#variant.name);
  }

  /** The arrival of a run. */
  onTimer(run: number): void {
    const { runs, warmUpRuns, runsPerSecond, draws } = this.#world;
    if (run + 1 < runs + warmUpRuns) {
      const gapMs = (-Math.log(draws.share('arrival', run, '')) * 1000) / runsPerSecond;
      this.#events.add(this.#events.nowMs + gapMs, this, run + 1);
    }
    this.#start(run);
  }

  #start(run: number): void {
    const { samples, draws, warmUpRuns } = this.#world;
    const { level, params } = this.#variant;
    const { scenarios } = samples;
    const scenario = scenarios[Math.floor(draws.share('scenario', run, '') * scenarios.length)]!;
    let pauses = 0;
    const virtual = new VirtualRun(this.#graph, scenario.request, {
      behaviour: (node, _input, attempt, item) => this.#attempt(run, scenario, node, attempt, item),
      level,
      events: this.#events,
      random: () => draws.share('pause', run, '', pauses++),
      parameters: FixedParameters.of(
        this.#graph,
        scenario.request,
        { ...scenario.params, ...params, [runParameter]: run },
        'default',
      ),
      onSettled: ({ core }) => {
        if (this.problems.size < problemsMax) {
          for (const problem of sampleFailures(core, samples.lacking)) this.problems.add(problem);
        }
        if (run >= warmUpRuns) this.#tally.add(core, this.#events.nowMs);
      },
    });
    this.#fillCaches(virtual, run, scenario);
    virtual.core.begin();
  }

  #attempt(run: number, scenario: Scenario, node: GraphNode, attempt: number, item: number): AttemptBehaviour {
    const { draws, behaviours, samples } = this.#world;
    const { latency, failedShare, failure } = behaviours.get(node.name)!;
    const delayMs =
      latency === undefined ? 0 : latency.quantileMs(draws.share('latency', run, node.name, attempt, item));
    if (failedShare > 0 && draws.share('failure', run, node.name, attempt, item) < failedShare) {
      return { delayMs, error: { code: failure, message: `${node.name} fails in ${failedShare} of its attempts` } };
    }
    return { delayMs, value: samples.valueOf(scenario, node.name, item) };
  }

  /** Of each run by itself: which nodes find a value in their cache, fresh or stale. */
  #fillCaches({ core }: VirtualRun, run: number, scenario: Scenario): void {
    const { draws, behaviours, samples } = this.#world;
    for (const node of this.#graph.nodes) {
      const { cache, name, definition } = node;
      if (cache === undefined) continue;
      const { cachedShare, staleShare } = behaviours.get(name)!;
      const isFresh = draws.share('cached', run, name) < cachedShare;
      if (!isFresh && !(draws.share('stale', run, name) < staleShare)) continue;
      // A microsecond older than fresh ones may be.
      const ageMs = isFresh ? 0 : definition.cache!.ttlMs + 0.001;
      const value = samples.valueOf(scenario, name, -1);
      cache.store(core.keyWith(node, run), value, this.#events.nowMs - ageMs);
    }
  }
}
