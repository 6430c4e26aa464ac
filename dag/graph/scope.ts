// Scope: where expressions of one graph find their values: an array of slots per run. Slot 0 is the request, slot 1 the
// run's parameters, then one for each node in the order of the file, then one for the item of each foreach.

import { HeddleError } from '../../runtime/errors.ts';
import type { NodeDefinition } from '../definition.ts';
import { compile, type Evaluate, type PathReaders } from '../expression/compile.ts';
import { parseExpression } from '../expression/parse-expression.ts';

export const requestSlot = 0;
export const parametersSlot = 1;
export const firstNodeSlot = 2;

/** What stands in the parameters' slot: an Assignment, or fixed values in tests and replays. */
export interface Parameters {
  at(index: number): unknown;
}

export class Scope {
  readonly slotCount: number;
  /** Of each node with a foreach, by its index. */
  readonly itemSlots: ReadonlyMap<number, number>;
  readonly #slots: ReadonlyMap<string, number>;
  readonly #nodes: readonly NodeDefinition[];
  readonly #paths: PathReaders;

  /** `parameters`: all names, each at its index for `Parameters.at`. */
  constructor(nodes: readonly NodeDefinition[], parameters: readonly string[]) {
    const slots = new Map([['request', requestSlot]]);
    for (const [index, node] of nodes.entries()) slots.set(node.name, firstNodeSlot + index);
    const looping = [...nodes.entries()].filter(([, node]) => node.foreach !== undefined);
    this.itemSlots = new Map(looping.map(([index], at) => [index, firstNodeSlot + nodes.length + at]));
    this.slotCount = firstNodeSlot + nodes.length + looping.length;
    this.#slots = slots;
    this.#nodes = nodes;
    const readers = parameters.map((name, index) => [name, readParameter(index)] as const);
    this.#paths = new Map([['params', new Map(readers)]]);
  }

  /** Throws HeddleError INVALID_ARGUMENT for a text that is none: definitions are checked before they get here. */
  expression(text: string, node?: number): Evaluate {
    const parsed = parseExpression(text);
    if (parsed.expression === undefined) {
      throw new HeddleError('INVALID_ARGUMENT', `"${text}" is no expression: ${parsed.problems[0]?.message}`);
    }
    return compile(parsed.expression, this.#slotsOf(node), { paths: this.#paths });
  }

  #slotsOf(node: number | undefined): ReadonlyMap<string, number> {
    const item = node === undefined ? undefined : this.itemSlots.get(node);
    if (node === undefined || item === undefined) return this.#slots;
    return new Map(this.#slots).set(this.#nodes[node]!.foreach!.as, item);
  }
}

function readParameter(index: number): (values: readonly unknown[]) => unknown {
  return (values) => (values[parametersSlot] as Parameters).at(index);
}
