// Samples: what requests look like and what nodes give, where nothing is really called: taken from recorded traces,
// else from the strategy's own inline tests. A scenario is a request with the values that belong to it.

import { HeddleError } from '../../runtime/errors.ts';
import type { ValueShape } from '../../runtime/value-shape.ts';
import type { Data, StrategyDefinition } from '../definition.ts';
import type { RunTrace } from '../run/trace.ts';
import type { GivenParameters } from './fixed-parameters.ts';
import { sampleOf } from './sample-of-shape.ts';

export interface Scenario {
  readonly request: Data;
  /** By node: what it gives; of a foreach, the list of what its items give. */
  readonly values: Readonly<Record<string, Data>>;
  /** As recorded. Undefined: the defaults. */
  readonly params?: GivenParameters;
}

/** Scenarios that are kept; of more, the first. */
export const scenariosMax = 10_000;

/** Of traces with values that belong to the strategy. */
export function scenariosOfTraces(strategy: string, traces: readonly RunTrace[]): Scenario[] {
  const own = traces.filter((trace) => trace.strategy === strategy && trace.request !== undefined);
  return own.slice(0, scenariosMax).map(({ request = null, nodes, params }) => ({
    request,
    params,
    values: Object.fromEntries(
      nodes.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const])),
    ),
  }));
}

/** Of tests that expect a success at level 0 and mock no failure; where there is none such, of all tests. */
export function scenariosOfTests({ tests }: StrategyDefinition): Scenario[] {
  const plain = tests.filter(({ level, mocks, expect }) => {
    return level === 0 && expect.error === undefined && mocks.every(({ error }) => error === undefined);
  });
  return (plain.length > 0 ? plain : tests).map(({ request, mocks }) => ({
    request,
    values: Object.fromEntries(
      mocks.flatMap(({ node, result, error }) => (error === undefined ? [[node, result] as const] : [])),
    ),
  }));
}

export interface SampleSources {
  /** Traces with values; those of other strategies are left out. */
  readonly traces?: readonly RunTrace[];
  /** Requests with values, before all others. */
  readonly scenarios?: readonly Scenario[];
  /** By node: the shape of what it gives, where nothing else is known. */
  readonly shapes?: Readonly<Record<string, ValueShape>>;
}

export class Samples {
  readonly scenarios: readonly Scenario[];
  /** `3 recorded runs`, `2 inline tests`, `the shape of the request`. */
  readonly source: string;
  /** Nodes that were asked for a value and had none: they gave null, or what their shape says. */
  readonly lacking = new Set<string>();
  /** By node: the value of the first scenario that has one. */
  readonly #others = new Map<string, Data>();
  readonly #shapes: Readonly<Record<string, ValueShape>>;

  constructor(definition: StrategyDefinition, sources: SampleSources) {
    const given = sources.scenarios ?? [];
    const recorded = scenariosOfTraces(definition.name, sources.traces ?? []);
    const tested = scenariosOfTests(definition);
    this.#shapes = sources.shapes ?? {};
    for (const { values } of [...given, ...recorded, ...tested]) {
      for (const [node, value] of Object.entries(values)) if (!this.#others.has(node)) this.#others.set(node, value);
    }
    if (given.length > 0) [this.scenarios, this.source] = [given, counted(given.length, 'given scenario')];
    else if (recorded.length > 0) [this.scenarios, this.source] = [recorded, counted(recorded.length, 'recorded run')];
    else if (tested.length > 0) [this.scenarios, this.source] = [tested, counted(tested.length, 'inline test')];
    else {
      this.scenarios = [{ request: sampleOf(definition.request) ?? {}, values: {} }];
      this.source = 'the shape of the request';
    }
    if (this.scenarios.length > scenariosMax) {
      const message = `${this.scenarios.length} scenarios are more than ${scenariosMax}; give fewer of them`;
      throw new HeddleError('INVALID_ARGUMENT', message);
    }
  }

  /** What a node gives in a scenario; `item`: of a foreach, -1: none. */
  valueOf({ values }: Pick<Scenario, 'values'>, node: string, item: number): Data {
    const value = Object.hasOwn(values, node) ? values[node] : this.#others.get(node);
    if (value === undefined) {
      this.lacking.add(node);
      const shape = this.#shapes[node];
      return shape === undefined ? null : sampleOf(shape);
    }
    if (item < 0 || !Array.isArray(value)) return value;
    return (value[item % Math.max(1, value.length)] as Data | undefined) ?? null;
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
