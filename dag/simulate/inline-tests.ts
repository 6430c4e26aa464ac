// runInlineTests: the tests that stand in a strategy, run on a virtual clock: mocks say what nodes do, nothing is
// called, and a test of seconds takes microseconds. For `heddle dag test`, and for checks before a version is
// published. Main thread.

import { HeddleError } from '../../runtime/errors.ts';
import type { MockDefinition, StrategyDefinition, TestDefinition } from '../definition.ts';
import { doingText } from '../draw/describe.ts';
import { Graph } from '../graph/compile-graph.ts';
import type { GraphNode } from '../graph/graph-node.ts';
import type { RunTrace } from '../run/trace.ts';
import { traceOf } from '../run/trace-of.ts';
import { problemsOf } from './expectation.ts';
import { FixedParameters } from './fixed-parameters.ts';
import { type Idempotent, setIdempotent } from './idempotent.ts';
import { type AttemptBehaviour, VirtualRun } from './virtual-run.ts';

export interface InlineTestResult {
  readonly name: string;
  /** `feed.yaml:40`. */
  readonly where: string;
  readonly passed: boolean;
  /** Sentences: what was expected, what was found, what to write. */
  readonly problems: readonly string[];
  /** Of the run, with values; for pictures of a test that failed. */
  readonly trace: RunTrace;
}

export interface InlineTestOptions {
  /**
   * By node: false where a second attempt may do harm, so that it has no retries and no hedges. Default: all are
   * idempotent.
   */
  readonly idempotent?: Idempotent;
}

/**
 * All tests of a definition that was checked, in their order. Each has a graph of its own: nothing is learnt between
 * them.
 */
export function runInlineTests(definition: StrategyDefinition, options: InlineTestOptions = {}): InlineTestResult[] {
  return definition.tests.map((test) => runInlineTest(definition, test, options));
}

/** One test of a definition that was checked. */
export function runInlineTest(
  definition: StrategyDefinition,
  test: TestDefinition,
  options: InlineTestOptions = {},
): InlineTestResult {
  const graph = new Graph(definition);
  setIdempotent(graph, options.idempotent);
  const mocks = new Mocks(test.mocks);
  const run = new VirtualRun(graph, test.request, {
    behaviour: (node, _input, _attempt, item) => mocks.behaviourOf(node, item),
    level: test.level,
    parameters: FixedParameters.of(graph, test.request, test.params ?? {}, 'assigned'),
  });
  const trace = traceOf(run.run(), run.nowMs(), { version: 0, startedAt: 0, values: true });
  // Without a mock the rest of the run says nothing about the strategy.
  const problems = mocks.problems.size > 0 ? [...mocks.problems] : problemsOf(test.expect, trace);
  return { name: test.name, where: test.where, passed: problems.length === 0, problems, trace };
}

class Mocks {
  readonly problems = new Set<string>();
  readonly #mocks: ReadonlyMap<string, MockDefinition>;

  constructor(mocks: readonly MockDefinition[]) {
    this.#mocks = new Map(mocks.map((mock) => [mock.node, mock]));
  }

  behaviourOf(node: GraphNode, item: number): AttemptBehaviour {
    const { name } = node;
    const mock = this.#mocks.get(name);
    if (mock === undefined) return this.#lacking(noMock(node));
    const { delayMs, error, result } = mock;
    if (error !== undefined) return { delayMs, error: { code: error, message: `${name} is mocked to fail` } };
    // What the node gives is the list of what its items give.
    if (item < 0 || !Array.isArray(result)) return { delayMs, value: result };
    if (item < result.length) return { delayMs, value: result[item] };
    return this.#lacking(
      `the mock of ${name} has a result for ${result.length} items, and it runs for item ${item} (from 0): a list holds ` +
        `the result of each item; write one for each, or write one value that is no list for all`,
    );
  }

  #lacking(problem: string): AttemptBehaviour {
    this.problems.add(problem);
    return { delayMs: 0, error: new HeddleError('UNIMPLEMENTED', problem) };
  }
}

function noMock({ name, definition }: GraphNode): string {
  const { work } = definition;
  const does = work.kind === 'strategy' ? `the strategy ${work.strategy}` : doingText(definition);
  const mock = `write "mocks: { ${name}: { result: … } }", or "error: UNAVAILABLE" instead of a result`;
  return `${name} (${does}) is on the way and has no mock; a test runs no work: ${mock}`;
}
