// FixedParameters: the parameters of a run that nobody asked for: some are given, the others are what the experiments
// assign to the request, or the defaults. For tests, simulations, explanations and replays.

import type { Data } from '../definition.ts';
import type { Assignment, Exposure } from '../experiment/assignment.ts';
import type { Graph } from '../graph/compile-graph.ts';
import { type Parameters, requestSlot } from '../graph/scope.ts';

export type GivenParameters = Readonly<Record<string, Data>>;

export class FixedParameters implements Parameters {
  /** By index of `Parameters.at`. */
  readonly names: readonly string[];
  /** What the experiments would give; for explanations. */
  readonly assignment: Assignment<readonly unknown[]>;
  readonly #given: GivenParameters;
  readonly #read = new Set<number>();
  readonly #defaults: ReadonlyMap<string, Data> | undefined;

  private constructor(graph: Graph, request: unknown, given: GivenParameters, others: 'assigned' | 'default') {
    const values = graph.blankValues.slice();
    values[requestSlot] = request;
    this.names = graph.experiments!.parameters;
    this.assignment = graph.experiments!.assign(values);
    this.#given = given;
    this.#defaults = others === 'default' ? defaultsOf(graph) : undefined;
  }

  /** `others`: where parameters come from that are not given. Undefined: the graph has no layers. */
  static of(
    graph: Graph,
    request: unknown,
    given: GivenParameters,
    others: 'assigned' | 'default',
  ): FixedParameters | undefined {
    return graph.experiments === undefined ? undefined : new FixedParameters(graph, request, given, others);
  }

  at(index: number): unknown {
    const name = this.names[index]!;
    this.#read.add(index);
    if (this.isGiven(name)) return this.#given[name];
    return this.#defaults === undefined ? this.assignment.at(index) : this.#defaults.get(name);
  }

  /** The value without exposure. */
  peek(name: string): Data {
    if (this.isGiven(name)) return this.#given[name]!;
    return this.#defaults === undefined ? this.assignment.peek(name) : this.#defaults.get(name)!;
  }

  exposures(): readonly Exposure[] {
    return this.assignment.exposures();
  }

  wasRead(name: string): boolean {
    return this.#read.has(this.names.indexOf(name));
  }

  isGiven(name: string): boolean {
    return Object.hasOwn(this.#given, name);
  }
}

function defaultsOf({ definition }: Graph): Map<string, Data> {
  return new Map(
    definition.layers.flatMap(({ parameters }) =>
      parameters.map((parameter) => [parameter.name, parameter.default] as const),
    ),
  );
}
