// The matcher walks a text once, with the set of all states that the pattern may be in (Thompson's way), so its time is
// linear in text × states whatever the pattern: JavaScript's own RegExp takes exponential time for some. It only says
// whether there is a match anywhere. The scratch arrays belong to the matcher; matching never awaits.

import type { Site } from '../evaluation-error.ts';
import { pay } from '../meter.ts';
import type { CharSet } from './parse-pattern.ts';
import { operation, type Program } from './program.ts';

/** State visits of one step of the meter. */
const visitsPerStep = 16;

export class Matcher {
  readonly #program: Program;
  /** States at the position before the character that is looked at, and those behind it. */
  #current: Int32Array;
  #next: Int32Array;
  #nextCount = 0;
  /** The position at which a state was last added. */
  readonly #addedAt: Int32Array;
  readonly #pending: Int32Array;
  #visits = 0;

  constructor(program: Program) {
    const states = program.operations.length;
    this.#program = program;
    this.#current = new Int32Array(states);
    this.#next = new Int32Array(states);
    this.#addedAt = new Int32Array(states);
    this.#pending = new Int32Array(states * 2);
  }

  test(text: string, site: Site): boolean {
    this.#addedAt.fill(-1);
    this.#nextCount = 0;
    for (let at = 0; ; ) {
      // A match may start at every position.
      if (this.#add(0, text, at)) return true;
      if (at >= text.length) return false;
      const code = text.codePointAt(at)!;
      at += code > 0xffff ? 2 : 1;
      if (this.#step(code, text, at)) return true;
      this.#payForVisits(site);
    }
  }

  /** Over one character, to position `at`. True: a match. */
  #step(code: number, text: string, at: number): boolean {
    const { operations, first, sets } = this.#program;
    [this.#current, this.#next] = [this.#next, this.#current];
    const count = this.#nextCount;
    this.#nextCount = 0;
    for (let index = 0; index < count; index++) {
      const state = this.#current[index]!;
      const fits = operations[state] === operation.char ? first[state] === code : isInSet(sets[first[state]!]!, code);
      if (fits && this.#add(state + 1, text, at)) return true;
    }
    return false;
  }

  #payForVisits(site: Site): void {
    if (this.#visits < visitsPerStep) return;
    pay(Math.floor(this.#visits / visitsPerStep), site);
    this.#visits %= visitsPerStep;
  }

  /** Adds a state to the next ones, with all that it leads to without a character. True: a match. */
  #add(from: number, text: string, at: number): boolean {
    const { operations, first, second } = this.#program;
    const pending = this.#pending;
    let count = 0;
    pending[count++] = from;
    while (count > 0) {
      const state = pending[--count]!;
      if (this.#addedAt[state] === at) continue;
      this.#addedAt[state] = at;
      this.#visits++;
      switch (operations[state]) {
        case operation.match:
          return true;
        case operation.split:
          pending[count++] = second[state]!;
          pending[count++] = first[state]!;
          break;
        case operation.jump:
          pending[count++] = first[state]!;
          break;
        case operation.start:
          if (at === 0) pending[count++] = state + 1;
          break;
        case operation.end:
          if (at === text.length) pending[count++] = state + 1;
          break;
        case operation.edge:
        case operation.noEdge:
          if (isEdge(text, at) === (operations[state] === operation.edge)) pending[count++] = state + 1;
          break;
        default:
          this.#next[this.#nextCount++] = state;
      }
    }
    return false;
  }
}

function isInSet({ ranges, negated }: CharSet, code: number): boolean {
  for (let at = 0; at < ranges.length; at += 2) {
    if (code >= ranges[at]! && code <= ranges[at + 1]!) return !negated;
  }
  return negated;
}

function isEdge(text: string, at: number): boolean {
  return isWord(text.charCodeAt(at - 1)) !== isWord(text.charCodeAt(at));
}

/** NaN, outside of the text, is none. */
function isWord(unit: number): boolean {
  return (
    (unit >= 0x30 && unit <= 0x39) || (unit >= 0x41 && unit <= 0x5a) || unit === 0x5f || (unit >= 0x61 && unit <= 0x7a)
  );
}
