// replay: a recorded run, run again on a virtual clock, on this version of its strategy or another: every node does
// what it did then, so whatever differs comes from the graph. For `heddle dag replay`; pure.

import { HeddleError } from '../../runtime/errors.ts';
import { didYouMean } from '../../runtime/nearest.ts';
import type { StrategyDefinition } from '../definition.ts';
import { Graph } from '../graph/compile-graph.ts';
import type { Run } from '../run/run.ts';
import type { RunTrace } from '../run/trace.ts';
import { traceOf } from '../run/trace-of.ts';
import { compareTraces, type ReplayedNode, type SameParts } from './compare-traces.ts';
import { FixedParameters } from './fixed-parameters.ts';
import { type Idempotent, setIdempotent } from './idempotent.ts';
import { Recording, type ReplayMock } from './recording.ts';
import { restorePolicies } from './restore-policies.ts';
import { VirtualRun } from './virtual-run.ts';

export interface ReplayOptions {
  /** What nodes do that the recording says nothing of. Without one they fail with UNIMPLEMENTED. */
  readonly mocks?: Readonly<Record<string, ReplayMock>>;
  /** The caller's deadline, ms from the start of the run. Default: the recorded one. */
  readonly deadlineMs?: number;
  /** By node: false where it has no retries and hedges. Default: all are idempotent. */
  readonly idempotent?: Idempotent;
  /** Times that differ by less are the same: a machine takes time between nodes, a virtual clock takes none. 1 ms. */
  readonly toleranceMs?: number;
}

export interface Replay {
  readonly strategy: string;
  readonly recorded: RunTrace;
  /** With values. */
  readonly replayed: RunTrace;
  /** What is as it was. */
  readonly same: SameParts;
  /** Of the run, as sentences. */
  readonly differences: readonly string[];
  /** Those that differ, in the order of the file; then those that are gone. */
  readonly nodes: readonly ReplayedNode[];
  /** Nodes that ran and of which nothing is recorded: they need a mock. */
  readonly unrecorded: readonly string[];
  /** What the recording can't say, as sentences. */
  readonly unknown: readonly string[];
}

const defaultToleranceMs = 1;

/**
 * `trace`: of a run taken with values; `definitions`: those that were checked, the one of the trace's strategy among
 * them. Level and parameters are as recorded. Throws NOT_FOUND for a strategy that there is not, INVALID_ARGUMENT for a
 * trace without values.
 */
export function replay(
  trace: RunTrace,
  definitions: readonly StrategyDefinition[],
  options: ReplayOptions = {},
): Replay {
  const definition = definitionOf(trace, definitions);
  if (trace.request === undefined) {
    throw new HeddleError(
      'INVALID_ARGUMENT',
      `the trace of ${trace.strategy} has no values, so there is nothing to replay; take one with the metadata strategy-trace: values`,
    );
  }
  const recording = new Recording(trace, options.mocks ?? {});
  const graph = graphOf(definition, trace);
  setIdempotent(graph, options.idempotent);
  const run = new VirtualRun(graph, trace.request, {
    behaviour: ({ name }, _input, attempt, item) => recording.attempt(name, attempt, item),
    level: trace.level,
    deadlineMs: options.deadlineMs ?? trace.deadlineMs ?? Number.POSITIVE_INFINITY,
    parameters: FixedParameters.of(graph, trace.request, trace.params, 'assigned'),
  });
  restorePolicies(graph, run.core, trace);
  const core = toItsEnd(run);
  const { version, startedAt } = trace;
  const replayed = traceOf(core, run.nowMs(), { version, startedAt, values: true });
  const compared = compareTraces(trace, replayed, options.toleranceMs ?? defaultToleranceMs);
  return {
    strategy: definition.name,
    recorded: trace,
    replayed,
    ...compared,
    unrecorded: [...recording.unrecorded],
    unknown: [...recording.unknown],
  };
}

function definitionOf({ strategy }: RunTrace, definitions: readonly StrategyDefinition[]): StrategyDefinition {
  const found = definitions.find(({ name }) => name === strategy);
  if (found !== undefined) return found;
  const names = definitions.map(({ name }) => name);
  throw new HeddleError(
    'NOT_FOUND',
    `the trace is of ${strategy}, and there is no such strategy${didYouMean(strategy, names)}`,
  );
}

/** Longer than any time that is left. */
const neverInTimeMs = 1e12;

/**
 * Whether time was short for a node went by what it had taken before, which a trace does not tell. Where the definition
 * has an estimate that decides; where it has none, the recorded decision holds.
 */
function graphOf(definition: StrategyDefinition, { nodes }: RunTrace): Graph {
  const wasShort = new Set(
    nodes.filter(({ marks }) => marks.some((mark) => mark.startsWith('light '))).map(({ name }) => name),
  );
  const isForced = definition.nodes.map(({ name, estimateMs }) => estimateMs === undefined && wasShort.has(name));
  const graph = new Graph(definition);
  if (!isForced.includes(true)) return graph;
  const forced = new Graph({
    ...definition,
    nodes: definition.nodes.map((node, index) => (isForced[index] ? { ...node, estimateMs: neverInTimeMs } : node)),
  });
  for (const [index, node] of forced.nodes.entries()) node.tailMs = graph.nodes[index]!.tailMs;
  return forced;
}

/** Where it waits for something of which only the beginning was recorded, it is cut short. */
function toItsEnd(run: VirtualRun): Run {
  const { core, timers } = run;
  core.begin();
  while (core.outcome.how === 'running' && timers.step());
  if (core.outcome.how === 'running') {
    core.abort(
      new HeddleError('CANCELLED', 'the replay waits for something that was cancelled while it was recorded', {
        retry: 'no',
      }),
    );
  }
  return core;
}
