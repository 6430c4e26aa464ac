// A pattern's program: the states of a nondeterministic automaton as three arrays of numbers, walked by matcher.ts.

import { patternStatesMax } from '../bounds.ts';
import { ProblemSignal } from '../problem.ts';
import type { CharSet, PatternNode } from './parse-pattern.ts';

/** What a state does; `first` and `second` are code points, set numbers, or the states to go on with. */
export const operation = {
  char: 0,
  set: 1,
  split: 2,
  jump: 3,
  start: 4,
  end: 5,
  edge: 6,
  noEdge: 7,
  match: 8,
} as const;

export interface Program {
  readonly operations: Uint8Array;
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly sets: readonly CharSet[];
}

/** Throws ProblemSignal when it would take more than `patternStatesMax` states. */
export function compilePattern(pattern: PatternNode): Program {
  const assembler = new Assembler();
  assembler.add(pattern);
  assembler.emit(operation.match);
  return assembler.assemble();
}

class Assembler {
  readonly #states: [operation: number, first: number, second: number][] = [];
  readonly #sets: CharSet[] = [];

  assemble(): Program {
    return {
      operations: Uint8Array.from(this.#states, (state) => state[0]),
      first: Int32Array.from(this.#states, (state) => state[1]),
      second: Int32Array.from(this.#states, (state) => state[2]),
      sets: this.#sets,
    };
  }

  emit(code: number, first = 0, second = 0): number {
    if (this.#states.length >= patternStatesMax) {
      throw new ProblemSignal(`the pattern has more than ${patternStatesMax} states: lower its {counts}`, 0, 1);
    }
    return this.#states.push([code, first, second]) - 1;
  }

  add(node: PatternNode): void {
    switch (node.kind) {
      case 'char':
        this.emit(operation.char, node.code);
        return;
      case 'set':
        this.emit(operation.set, this.#sets.push(node.set) - 1);
        return;
      case 'sequence':
        for (const part of node.parts) this.add(part);
        return;
      case 'either':
        this.#addEither(node.branches);
        return;
      case 'repeat':
        this.#addRepeat(node.part, node.min, node.max);
        return;
      default:
        this.emit(operation[node.kind]);
    }
  }

  get #here(): number {
    return this.#states.length;
  }

  #addEither(branches: readonly PatternNode[]): void {
    const exits: number[] = [];
    for (const branch of branches.slice(0, -1)) {
      const split = this.emit(operation.split, this.#here + 1);
      this.add(branch);
      exits.push(this.emit(operation.jump));
      this.#states[split]![2] = this.#here;
    }
    this.add(branches.at(-1)!);
    for (const exit of exits) this.#states[exit]![1] = this.#here;
  }

  #addRepeat(part: PatternNode, min: number, max: number | undefined): void {
    for (let count = 0; count < min; count++) this.add(part);
    if (max === undefined) {
      const split = this.emit(operation.split, this.#here + 1);
      this.add(part);
      this.emit(operation.jump, split);
      this.#states[split]![2] = this.#here;
      return;
    }
    const splits: number[] = [];
    for (let count = min; count < max; count++) {
      splits.push(this.emit(operation.split, this.#here + 1));
      this.add(part);
    }
    for (const split of splits) this.#states[split]![2] = this.#here;
  }
}
