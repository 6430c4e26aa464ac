// explain: what a strategy does with one request and why: experiments, parameters, level, and every node. The request
// runs once on a virtual clock; nothing is called. For `heddle dag explain`; pure.

import type { Data, StrategyDefinition } from '../definition.ts';
import { Graph } from '../graph/compile-graph.ts';
import { checkRequest } from '../host/check-request.ts';
import { traceOf } from '../run/trace-of.ts';
import { checkGiven } from './check-given.ts';
import { explainNode } from './explain-node.ts';
import { explainParameters, levelChanges } from './explain-settings.ts';
import type { Explanation } from './explanation.ts';
import { FixedParameters, type GivenParameters } from './fixed-parameters.ts';
import { type Idempotent, setIdempotent } from './idempotent.ts';
import { nodeBehaviours, type SimulationModel, withoutLatency } from './node-model.ts';
import { sampleFailures } from './sample-failures.ts';
import { type SampleSources, Samples } from './samples.ts';
import { VirtualRun } from './virtual-run.ts';

export interface ExplainOptions extends SampleSources {
  /** Level of degradation. 0. */
  readonly level?: number;
  /** Parameters that are set, whatever the experiments say. */
  readonly params?: GivenParameters;
  /** Latencies: each node takes its median. Default: its estimate; without one it takes no time. */
  readonly model?: SimulationModel;
  /** What nodes give, before samples of traces and tests. */
  readonly values?: Readonly<Record<string, Data>>;
  /** Nodes that fail, with UNAVAILABLE. */
  readonly failing?: readonly string[];
  readonly idempotent?: Idempotent;
}

/**
 * `definition`: one that was checked. Values of nodes come from `values`, else from a scenario with the same request,
 * else from any that has one. Throws INVALID_ARGUMENT for a request that the strategy refuses, for parameters and failing
 * nodes that it has not, and for a model that can't be.
 */
export function explain(definition: StrategyDefinition, request: Data, options: ExplainOptions = {}): Explanation {
  if (definition.request.kind !== 'any') checkRequest(definition.name, definition.request, request);
  checkGiven(definition, options);
  const graph = new Graph(definition);
  setIdempotent(graph, options.idempotent);
  const { level = 0, model = {}, failing = [] } = options;
  const behaviours = nodeBehaviours(definition, model);
  const samples = new Samples(definition, options);
  const asked = JSON.stringify(request);
  const likest = samples.scenarios.find((one) => JSON.stringify(one.request) === asked);
  const scenario = { values: { ...likest?.values, ...options.values } };
  const parameters = FixedParameters.of(graph, request, options.params ?? {}, 'assigned');
  const run = new VirtualRun(graph, request, {
    behaviour: ({ name, definition: node }, _input, _attempt, item) => {
      const { latency } = behaviours.get(name)!;
      // An estimate is what it usually takes; a measured distribution has a median.
      const delayMs = model[name]?.latency === undefined ? (node.estimateMs ?? 0) : latency!.quantileMs(0.5);
      if (failing.includes(name)) return { delayMs, error: { code: 'UNAVAILABLE', message: `${name} is to fail` } };
      return { delayMs, value: samples.valueOf(scenario, name, item) };
    },
    level,
    parameters,
  });
  const core = run.run();
  const timeless = withoutLatency(definition, model);
  const trace = traceOf(core, run.nowMs(), { version: 0, startedAt: 0, values: true });
  return {
    strategy: definition.name,
    request,
    layers: parameters?.assignment.explain() ?? [],
    parameters: explainParameters(definition, parameters),
    level,
    levelChanges: levelChanges(definition, level),
    nodes: graph.nodes.map((node) => explainNode(core, node, trace, parameters)),
    trace,
    valuesFrom: samples.source,
    withoutSample: [...samples.lacking],
    withoutLatency: trace.nodes
      .filter(({ name, attempts }) => attempts.length > 0 && timeless.has(name))
      .map(({ name }) => name),
    problems: sampleFailures(core, samples.lacking),
  };
}
