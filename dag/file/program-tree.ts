// programTree: what a program passed to strategy(), as the Tree that a file would give. Its source is a text made for it,
// one line for each value, so that a mistake is shown in words that the author knows: `nodes.rank.timeout: 30`.

import { type Place, Source } from '../../document/problem.ts';
import { quote } from '../../document/quote.ts';
import { type Entry, emptyMap, type Scalar, type Tree } from '../../document/tree.ts';

/** Maps and lists within each other; only one that contains itself gets there. */
const depthMax = 64;

/** What stands for a value that is no data. `refused`: it can't stand there, in a sentence. */
export interface StandIn {
  readonly shown: string;
  readonly value: Scalar;
  readonly refused?: string;
}

export interface ProgramMistake {
  readonly place: Place;
  readonly message: string;
}

export interface ProgramTree {
  readonly tree: Tree;
  readonly top: Place;
  readonly mistakes: readonly ProgramMistake[];
}

/**
 * `standIn` is asked first for every value but a text, a number, a boolean and null. At most `valuesMax` values are read.
 * Throws what the value's own getters throw.
 */
export function programTree(
  name: string,
  value: unknown,
  valuesMax: number,
  standIn: (path: readonly string[], value: unknown) => StandIn | undefined,
): ProgramTree {
  return new Writer(name, valuesMax, standIn).write(value);
}

/** A key or an index on the way to a value; it stands where the first line with it has it. */
interface Segment {
  readonly text: string;
  readonly name: string;
  readonly place: Place;
}

class Writer {
  readonly #name: string;
  readonly #valuesMax: number;
  readonly #standIn: (path: readonly string[], value: unknown) => StandIn | undefined;
  readonly #places: Place[] = [];
  readonly #mistakes: ProgramMistake[] = [];
  readonly #path: Segment[] = [];
  /** Set anew once the text is whole. */
  readonly #unfinished = new Source('argument', '', '');
  #lines: string[] = [];
  #length = 0;
  #values = 0;

  constructor(
    name: string,
    valuesMax: number,
    standIn: (path: readonly string[], value: unknown) => StandIn | undefined,
  ) {
    this.#name = name;
    this.#valuesMax = valuesMax;
    this.#standIn = standIn;
  }

  write(value: unknown): ProgramTree {
    const top = this.#place(0, 1);
    const tree = this.#tree(value);
    const source = new Source('argument', this.#name, this.#lines.join(''));
    for (const place of this.#places) place.source = source;
    return { tree, top, mistakes: this.#mistakes };
  }

  #tree(value: unknown): Tree {
    if (++this.#values > this.#valuesMax) {
      const message = `it holds more than ${this.#valuesMax} values`;
      return this.#refused('…', this.#values === this.#valuesMax + 1 ? message : undefined);
    }
    if (typeof value === 'string') return this.#leaf(value, value);
    if (typeof value === 'number' || typeof value === 'boolean' || value === null) {
      return this.#leaf(String(value), value);
    }
    const names = this.#path.map((segment) => segment.name);
    const stand = this.#standIn(names, value);
    if (stand?.refused !== undefined) return this.#refused(stand.shown, stand.refused);
    if (stand !== undefined) return this.#leaf(stand.shown, stand.value);
    if (this.#path.length > depthMax) return this.#refused('…', 'it is nested too deeply, or contains itself');
    if (Array.isArray(value)) return this.#list(value);
    if (isPlainObject(value)) return this.#map(value);
    const kind = kindOf(value);
    return this.#refused(kind, `${kind} is no data: write texts, numbers, booleans, null, lists and plain objects`);
  }

  #list(values: readonly unknown[]): Tree {
    if (values.length === 0) return { kind: 'list', place: this.#leaf('[]', null).place, items: [] };
    const items = values.map((value, at) => this.#inside(`[${at}]`, String(at), () => this.#tree(value)).tree);
    return { kind: 'list', place: this.#placeHere(), items };
  }

  #map(object: object): Tree {
    const entries = new Map<string, Entry>();
    for (const [name, value] of Object.entries(object)) {
      // As with a key that was left out.
      if (value === undefined) continue;
      const text = this.#path.length === 0 ? oneLine(name) : `.${oneLine(name)}`;
      const { tree, place } = this.#inside(text, name, () => this.#tree(value));
      entries.set(name, { key: place, value: tree });
    }
    if (entries.size === 0) return emptyMap(this.#leaf('{}', null).place);
    return { kind: 'map', place: this.#placeHere(), entries };
  }

  #inside(text: string, name: string, read: () => Tree): { tree: Tree; place: Place } {
    const segment = { text, name, place: this.#place(-1, -1) };
    this.#path.push(segment);
    const tree = read();
    this.#path.pop();
    return { tree, place: segment.place };
  }

  /** One line: the path, and the value. */
  #leaf(shown: string, value: Scalar): Tree {
    let line = '';
    for (const { text, place } of this.#path) {
      if (place.start === -1) {
        const bare = text.startsWith('.') ? 1 : 0;
        place.start = this.#length + line.length + bare;
        place.end = this.#length + line.length + text.length;
      }
      line += text;
    }
    if (line !== '') line += ': ';
    const start = this.#length + line.length;
    const place = this.#place(start, start + shown.length);
    line += `${shown}\n`;
    this.#lines.push(line);
    this.#length += line.length;
    return { kind: 'scalar', place, value };
  }

  #refused(shown: string, message: string | undefined): Tree {
    const tree = this.#leaf(shown, null);
    if (message !== undefined) this.#mistakes.push({ place: tree.place, message });
    return tree;
  }

  #placeHere(): Place {
    const segment = this.#path.at(-1);
    return segment === undefined ? this.#place(0, 1) : segment.place;
  }

  #place(start: number, end: number): Place {
    const place = { source: this.#unfinished, start, end };
    this.#places.push(place);
    return place;
  }
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (typeof value !== 'object') return `a ${typeof value}`;
  const made: unknown = value?.constructor?.name;
  return typeof made === 'string' && made !== '' ? `an object of class ${oneLine(made)}` : 'an object of a class';
}

/** A name as it can stand in one line. */
function oneLine(name: string): string {
  return /[\n\r]/.test(name) ? quote(name) : name;
}
