// Patterns of `matches`: RE2's syntax as far as it is the same in JavaScript. What can't be matched in linear time
// (back-references, looking around) does not exist here, and what is spelled otherwise elsewhere is refused by name.

import { patternCharsMax } from '../bounds.ts';
import { ProblemSignal } from '../problem.ts';

/** A set of characters: pairs of first and last code point; `negated`: all others. */
export interface CharSet {
  readonly ranges: readonly number[];
  readonly negated: boolean;
}

export type PatternNode =
  | { kind: 'char'; code: number }
  | { kind: 'set'; set: CharSet }
  | { kind: 'sequence'; parts: PatternNode[] }
  | { kind: 'either'; branches: PatternNode[] }
  /** `max` undefined: no end. */
  | { kind: 'repeat'; part: PatternNode; min: number; max: number | undefined }
  | { kind: 'start' | 'end' | 'edge' | 'noEdge' };

const digit = [0x30, 0x39];
const word = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a];
const space = [0x09, 0x0a, 0x0c, 0x0d, 0x20, 0x20];
const shorthands: Readonly<Record<string, CharSet>> = {
  d: { ranges: digit, negated: false },
  D: { ranges: digit, negated: true },
  w: { ranges: word, negated: false },
  W: { ranges: word, negated: true },
  s: { ranges: space, negated: false },
  S: { ranges: space, negated: true },
};
const controls: Readonly<Record<string, number>> = { t: 9, n: 10, f: 12, r: 13 };
const newline = [0x0a, 0x0a];
/** RE2's bound of {n,m}. */
const repeatMax = 1000;

/** Throws ProblemSignal; its offsets count from the start of the pattern. */
export function parsePattern(pattern: string): PatternNode {
  if (pattern.length > patternCharsMax) {
    throw new ProblemSignal(`the pattern is longer than ${patternCharsMax} characters`, 0, pattern.length);
  }
  const reader = new PatternReader(pattern);
  return reader.readAll();
}

class PatternReader {
  readonly #chars: readonly string[];
  #at = 0;

  constructor(pattern: string) {
    this.#chars = Array.from(pattern);
  }

  readAll(): PatternNode {
    const whole = this.#readEither();
    if (this.#at < this.#chars.length) this.#refuse('there is no ( for this )', 1);
    return whole;
  }

  get #next(): string | undefined {
    return this.#chars[this.#at];
  }

  #take(char: string): boolean {
    if (this.#next !== char) return false;
    this.#at++;
    return true;
  }

  #readEither(): PatternNode {
    const branches = [this.#readSequence()];
    while (this.#take('|')) branches.push(this.#readSequence());
    return branches.length === 1 ? branches[0]! : { kind: 'either', branches };
  }

  #readSequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (this.#next !== undefined && this.#next !== '|' && this.#next !== ')') parts.push(this.#readRepeated());
    return { kind: 'sequence', parts };
  }

  #readRepeated(): PatternNode {
    const start = this.#at;
    const part = this.#readPart();
    const bounds = this.#readBounds();
    if (bounds === undefined) return part;
    if (part.kind !== 'char' && part.kind !== 'set' && part.kind !== 'sequence' && part.kind !== 'either') {
      this.#refuse('nothing to repeat here', 1, start);
    }
    // Lazy or not: it makes no difference to whether there is a match.
    this.#take('?');
    if (this.#readBounds() !== undefined) this.#refuse('a repetition of a repetition needs a group: (?:…)', 1);
    return { kind: 'repeat', part, ...bounds };
  }

  #readBounds(): { min: number; max: number | undefined } | undefined {
    if (this.#take('*')) return { min: 0, max: undefined };
    if (this.#take('+')) return { min: 1, max: undefined };
    if (this.#take('?')) return { min: 0, max: 1 };
    if (this.#next !== '{') return undefined;
    const start = this.#at;
    const end = this.#chars.indexOf('}', start);
    const written = this.#chars.slice(start, end + 1).join('');
    const counts = /^\{(\d{1,4})(?:(,)(\d{1,4})?)?\}$/.exec(written);
    if (counts === null) this.#refuse('a count goes {2}, {2,} or {2,5}; the character is \\{', 1);
    this.#at = end + 1;
    const min = Number(counts[1]);
    const max = counts[2] === undefined ? min : counts[3] === undefined ? undefined : Number(counts[3]);
    if (min > (max ?? min) || Math.max(min, max ?? 0) > repeatMax) {
      this.#refuse(`counts go up, to ${repeatMax} at most`, written.length, start);
    }
    return { min, max };
  }

  #readPart(): PatternNode {
    const char = this.#chars[this.#at++]!;
    switch (char) {
      case '.':
        return { kind: 'set', set: { ranges: newline, negated: true } };
      case '^':
        return { kind: 'start' };
      case '$':
        return { kind: 'end' };
      case '[':
        return { kind: 'set', set: this.#readSet() };
      case '(':
        return this.#readGroup();
      case '\\':
        return this.#readEscape();
      case '*':
      case '+':
      case '?':
      case '{':
        return this.#refuse(`nothing to repeat here; the character is \\${char}`, 1, this.#at - 1);
      case ']':
      case '}':
        return this.#refuse(`the character is \\${char}`, 1, this.#at - 1);
      default:
        return { kind: 'char', code: char.codePointAt(0)! };
    }
  }

  #readGroup(): PatternNode {
    const start = this.#at - 1;
    if (this.#take('?') && !this.#take(':')) {
      this.#refuse('groups go (…) or (?:…): no looking around, no names, no flags', 3, start);
    }
    const inner = this.#readEither();
    if (!this.#take(')')) this.#refuse('this group is not closed', 1, start);
    return inner.kind === 'repeat' ? { kind: 'sequence', parts: [inner] } : inner;
  }

  #readEscape(): PatternNode {
    const letter = this.#next ?? '';
    if (letter === 'b' || letter === 'B') {
      this.#at++;
      return { kind: letter === 'b' ? 'edge' : 'noEdge' };
    }
    const shorthand = this.#readShorthand();
    return shorthand === undefined ? { kind: 'char', code: this.#readEscapedCode() } : { kind: 'set', set: shorthand };
  }

  /** Behind the backslash. */
  #readShorthand(): CharSet | undefined {
    const letter = this.#next ?? '';
    if (!Object.hasOwn(shorthands, letter)) return undefined;
    this.#at++;
    return shorthands[letter];
  }

  #readEscapedCode(): number {
    const letter = this.#chars[this.#at++] ?? '';
    if (Object.hasOwn(controls, letter)) return controls[letter]!;
    if (letter === '' || /[A-Za-z0-9]/.test(letter)) {
      this.#refuse(`\\${letter} means nothing here (no back-references, no \\p)`, 2, this.#at - 2);
    }
    return letter.codePointAt(0)!;
  }

  /** Behind the [. */
  #readSet(): CharSet {
    const start = this.#at - 1;
    const negated = this.#take('^');
    const ranges: number[] = [];
    while (!this.#take(']')) {
      if (this.#next === undefined) this.#refuse('this set is not closed', 1, start);
      if (this.#next === '[') this.#refuse('the character is \\[ within a set', 1);
      const first = this.#readSetItem();
      if (typeof first !== 'number') {
        ranges.push(...(first.negated ? complement(first.ranges) : first.ranges));
        continue;
      }
      const isRange = this.#next === '-' && this.#chars[this.#at + 1] !== ']';
      if (isRange) this.#at++;
      const last = isRange ? this.#readSetItem() : first;
      if (typeof last !== 'number' || last < first) this.#refuse('ranges go a-z, up', 1);
      ranges.push(first, last);
    }
    if (ranges.length === 0) this.#refuse('this set is empty', 2, start);
    return { ranges, negated };
  }

  #readSetItem(): number | CharSet {
    const char = this.#chars[this.#at++] ?? '';
    if (char !== '\\') return char.codePointAt(0) ?? 0;
    return this.#readShorthand() ?? this.#readEscapedCode();
  }

  #refuse(message: string, length: number, at = this.#at): never {
    const start = this.#chars.slice(0, at).join('').length;
    throw new ProblemSignal(message, start, start + length);
  }
}

function complement(ranges: readonly number[]): number[] {
  const others: number[] = [];
  let from = 0;
  for (let at = 0; at < ranges.length; at += 2) {
    if (ranges[at]! > from) others.push(from, ranges[at]! - 1);
    from = ranges[at + 1]! + 1;
  }
  return [...others, from, 0x10ffff];
}
