// Experiments: one compiled version of layers, parameters and experiments. Immutable; requests in flight keep the
// version they began with. Made by compileExperiments; on every thread that runs strategies.

import { Assignment, type ExperimentTable } from './assignment.ts';
import type { ExperimentsDefinition } from './definition.ts';

export class Experiments<Values> {
  /** What it was compiled from; `checkRamp` and `diffExperiments` compare two of them. */
  readonly definition: ExperimentsDefinition<Values>;
  readonly #table: ExperimentTable<Values>;

  constructor(definition: ExperimentsDefinition<Values>, table: ExperimentTable<Values>) {
    this.definition = definition;
    this.#table = table;
  }

  /** What a request with these values gets. Decides nothing yet. */
  assign(values: Values): Assignment<Values> {
    return new Assignment(this.#table, values);
  }

  /** For `Assignment.at`; -1: nobody owns such a parameter. */
  parameterIndex(name: string): number {
    return this.#table.parameterIndexes.get(name) ?? -1;
  }

  /** All parameters by name, in the order of their indexes. */
  get parameters(): readonly string[] {
    return [...this.#table.parameterIndexes.keys()];
  }
}
