// readShape: the type of a request as a strategy file writes it, `list<{ id: string, age: number? }>`, as a ValueShape.

import { quote } from '../../document/quote.ts';
import type { Tree } from '../../document/tree.ts';
import { nearest } from '../../runtime/nearest.ts';
import type { ValueShape } from '../../runtime/value-shape.ts';
import type { Reporter } from './places.ts';

/** Types within each other. */
const depthMax = 32;

const words = ['string', 'number', 'boolean', 'any', 'null'] as const;
const wordsAndForms = [...words, 'list<…>', 'map<…>', '{ … }'];

const anyShape: ValueShape = { kind: 'any' };

/** A text is a type, a map has fields. What can't be read was reported, and is any. */
export function readShape(tree: Tree, path: string, report: Reporter, depth = 0): ValueShape {
  if (tree.kind === 'map') {
    if (depth >= depthMax) return tooDeep(path, report);
    const fields = [...tree.entries].map(
      ([name, { value }]) => [name, readShape(value, `${path}.${name}`, report, depth + 1)] as const,
    );
    return { kind: 'record', fields: Object.fromEntries(fields) };
  }
  if (tree.kind === 'scalar' && typeof tree.value === 'string') {
    return new ShapeParser(tree.value, path, report, depth).parse();
  }
  const name = path.slice(path.lastIndexOf('.') + 1);
  const advice = tree.kind === 'list' ? '; a list is written list<…>' : '';
  report.add(path, `${name} must be a type, such as string, or a map from field to type${advice}`);
  return anyShape;
}

function tooDeep(path: string, report: Reporter): ValueShape {
  report.add(path, `types are nested more than ${depthMax} deep; write any for the inner ones`);
  return anyShape;
}

/** Thrown at the first mistake, which ends the text. */
class ShapeMistake extends Error {}

class ShapeParser {
  readonly #text: string;
  readonly #path: string;
  readonly #report: Reporter;
  #depth: number;
  #at = 0;

  constructor(text: string, path: string, report: Reporter, depth: number) {
    this.#text = text;
    this.#path = path;
    this.#report = report;
    this.#depth = depth;
  }

  parse(): ValueShape {
    try {
      const shape = this.#union();
      this.#blank();
      if (this.#at < this.#text.length) this.#refuse('the type ends before this');
      return shape;
    } catch (mistake) {
      if (mistake instanceof ShapeMistake) return anyShape;
      throw mistake;
    }
  }

  /** `string | number`. */
  #union(): ValueShape {
    if (++this.#depth > depthMax) {
      tooDeep(this.#path, this.#report);
      throw new ShapeMistake();
    }
    const members = [this.#optional()];
    while (this.#takes('|')) members.push(this.#optional());
    this.#depth--;
    return unionOf(members);
  }

  /** `string?`. */
  #optional(): ValueShape {
    const shape = this.#single();
    return this.#takes('?') ? unionOf([shape, { kind: 'null' }]) : shape;
  }

  #single(): ValueShape {
    if (this.#takes('{')) return this.#record();
    const start = this.#skipBlank();
    const word = this.#word();
    if (word === 'list') return { kind: 'list', item: this.#argument('list') };
    if (word === 'map') return { kind: 'map', value: this.#argument('map') };
    const kind = words.find((known) => known === word);
    if (kind !== undefined) return { kind };
    this.#at = start;
    if (word === '') return this.#refuse('a type is missing here', wordsAndForms);
    const suggestion = nearest(word, [...words, 'list', 'map']);
    const message = `${quote(word)} is no type`;
    return this.#refuse(message, wordsAndForms, word.length, suggestion);
  }

  #argument(form: string): ValueShape {
    if (!this.#takes('<')) this.#refuse(`${form} says what it holds: ${form}<string>`);
    const shape = this.#union();
    if (!this.#takes('>')) this.#refuse('> is missing here');
    return shape;
  }

  #record(): ValueShape {
    const fields = new Map<string, ValueShape>();
    while (!this.#takes('}')) {
      const start = this.#skipBlank();
      const name = this.#word();
      if (name === '') this.#refuse('the name of a field, or }, is missing here');
      if (fields.has(name)) {
        this.#at = start;
        this.#refuse(`the field ${name} stands here a second time`, undefined, name.length);
      }
      if (this.#takes('?')) this.#refuse(`what may lack has ? at the end of its type: ${name}: string?`, undefined, -1);
      if (!this.#takes(':')) this.#refuse(': is missing here');
      fields.set(name, this.#union());
      if (this.#takes(',')) continue;
      if (!this.#takes('}')) this.#refuse(', or } is missing here');
      break;
    }
    return { kind: 'record', fields: Object.fromEntries(fields) };
  }

  #word(): string {
    const [word = ''] = /^\w*/.exec(this.#text.slice(this.#skipBlank(), this.#at + 128)) ?? [];
    this.#at += word.length;
    return word;
  }

  #takes(sign: string): boolean {
    if (this.#text[this.#skipBlank()] !== sign) return false;
    this.#at++;
    return true;
  }

  #skipBlank(): number {
    this.#blank();
    return this.#at;
  }

  #blank(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  /** `length` characters from here are wrong; below 0: those before. */
  #refuse(message: string, allowed?: string[], length = 1, suggestion?: string): never {
    const [start, end] = length < 0 ? [this.#at + length, this.#at] : [this.#at, this.#at + length];
    const hints = suggestion !== undefined ? { suggestion } : allowed === undefined ? {} : { allowed };
    this.#report.addWithin(this.#path, this.#text, start, Math.min(end, this.#text.length), message, hints);
    throw new ShapeMistake();
  }
}

/** Flat, each once; with an `any` among them, any. */
function unionOf(shapes: readonly ValueShape[]): ValueShape {
  const members = new Map<string, ValueShape>();
  for (const shape of shapes.flatMap((one) => (one.kind === 'union' ? one.members : [one]))) {
    if (shape.kind === 'any') return anyShape;
    members.set(JSON.stringify(shape), shape);
  }
  const [first, ...others] = members.values();
  return first === undefined || others.length === 0
    ? (first ?? anyShape)
    : { kind: 'union', members: [first, ...others] };
}
