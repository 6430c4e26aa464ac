// check: a Tree against a Type. Everything wrong is reported with its place; what is missing or wrong takes its
// default, so that one mistake does not hide the next.

import { nearest } from '../runtime/nearest.ts';
import { formatBytes, parseBytes, parseDurationMs } from '../runtime/units.ts';
import { dataOf, isWithin } from './data.ts';
import { describe } from './describe.ts';
import { type Place, type ProblemHints, ProblemList } from './problem.ts';
import { quote } from './quote.ts';
import { asMap, defaultPlace, defaultTree, isEmpty, type ScalarTree, type Tree } from './tree.ts';
import type {
  BytesType,
  Checked,
  CheckedEntry,
  DurationType,
  Field,
  IntegerType,
  Key,
  ListType,
  MapType,
  ObjectType,
  Shape,
  TextType,
  Type,
} from './types.ts';

/**
 * `tree` as `type` says. `name` begins the sentences about it; `at` is where a thing that should stand inside it is
 * missing (its key). Never throws.
 */
export function check<Item extends Type>(
  type: Item,
  tree: Tree,
  name: string,
  at: Place,
  problems: ProblemList,
): Checked<Item> {
  return new Checker(problems).check(type, tree, name, at) as Checked<Item>;
}

/** What an object comes to when nobody writes anything in it. */
export function defaultsOf<Keys extends Shape>(type: ObjectType<Keys>): Checked<ObjectType<Keys>> {
  return check(type, defaultTree(null), '', defaultPlace, new ProblemList());
}

class Checker {
  readonly #problems: ProblemList;

  constructor(problems: ProblemList) {
    this.#problems = problems;
  }

  /** Undefined: wrong, and reported. */
  check(type: Type, tree: Tree, name: string, at: Place): unknown {
    switch (type.kind) {
      case 'object':
        return this.#object(type, tree, name, at);
      case 'map':
        return this.#map(type, tree, name, at);
      case 'list':
        return this.#list(type, tree, name);
      case 'data': {
        const map = asMap(tree, at);
        if (map === undefined) return this.#wrong(type, tree, name);
        return { value: dataOf(map, name, type.maxValues, this.#problems), place: map.place };
      }
      case 'tree':
        return isWithin(tree, name, type.maxValues, this.#problems) ? tree : undefined;
      case 'either': {
        const long = tree.kind === 'map';
        return {
          place: tree.place,
          short: long ? undefined : this.#scalar(type.short, tree, name),
          long: long ? this.#object(type.long, tree, name, at) : undefined,
        };
      }
      default:
        return this.#scalar(type, tree, name);
    }
  }

  #object(type: ObjectType<Shape>, tree: Tree, name: string, at: Place): Record<string, unknown> {
    const map = asMap(tree, at);
    if (map === undefined) this.#wrong(type, tree, name);
    const entries = map?.entries ?? new Map();
    const known = Object.keys(type.keys);
    const misspelt = new Set<string>();
    for (const [key, entry] of entries) {
      if (Object.hasOwn(type.keys, key)) continue;
      const refused = type.refused !== undefined && Object.hasOwn(type.refused, key) ? type.refused[key] : undefined;
      if (refused !== undefined) this.#problems.add(entry.key, `${key}: ${refused}`);
      else {
        const suggestion = nearest(key, known);
        this.#problems.add(entry.key, `unknown key ${quote(key)}`, { allowed: known, suggestion });
        if (suggestion !== undefined) misspelt.add(suggestion);
      }
    }
    const values = known.map((key) => {
      const declared = type.keys[key]!;
      const entry = entries.get(key);
      // A map that could not be read at all was reported already, and so was a key that is there by another spelling.
      const isKnown = map === undefined || misspelt.has(key);
      if (entry === undefined && declared.presence === 'required' && !isKnown) {
        this.#problems.add(
          at,
          `${key} is missing${name === '' ? '' : ` in ${name}`}: it takes ${describe(declared.type)}`,
        );
      }
      return [key, this.#key(declared, entry?.value, key, entry?.key ?? at)];
    });
    return Object.fromEntries(values);
  }

  #key(declared: Key<Type>, tree: Tree | undefined, name: string, at: Place): unknown {
    const value = tree === undefined ? undefined : this.check(declared.type, tree, name, at);
    if (value !== undefined || declared.presence === 'otherwise') return value;
    return this.#absent(declared, at);
  }

  #absent(declared: Key<Type>, at: Place): unknown {
    const { type } = declared;
    if (declared.default !== undefined) return this.check(type, defaultTree(declared.default), '', at);
    switch (type.kind) {
      case 'object':
        return this.#object(type, defaultTree(null), '', at);
      case 'map':
        return new Map();
      case 'list':
        return [];
      case 'tree':
        return undefined;
      case 'either':
        return { place: at, short: undefined, long: undefined };
      default:
        return { value: undefined, place: at };
    }
  }

  #map(type: MapType<Type>, tree: Tree, name: string, at: Place): Map<string, CheckedEntry<Type>> {
    const checked = new Map<string, CheckedEntry<Type>>();
    const map = asMap(tree, at);
    if (map === undefined) {
      this.#wrong(type, tree, name);
      return checked;
    }
    if (map.entries.size < type.minEntries) {
      this.#problems.add(at, `${name} is empty: at least ${type.minEntries} ${type.name} is needed`);
    }
    if (map.entries.size > type.maxEntries) {
      this.#problems.add(at, `${name} has ${map.entries.size} entries; at most ${type.maxEntries} are allowed`);
      return checked;
    }
    const pattern = new RegExp(type.namePattern);
    for (const [entryName, entry] of map.entries) {
      if (type.refused !== undefined && Object.hasOwn(type.refused, entryName)) {
        this.#problems.add(entry.key, type.refused[entryName]!);
        continue;
      }
      if (!pattern.test(entryName)) {
        this.#problems.add(entry.key, `${quote(entryName)} can not name a ${type.name}: ${type.nameRule}`);
      }
      const before = this.#problems.reports;
      const value = this.check(type.of, entry.value, entryName, entry.key) as Checked<Type> | undefined;
      const isRefused = this.#problems.reports > before;
      if (value !== undefined) checked.set(entryName, { name: entry.key, value, isRefused });
    }
    return checked;
  }

  #list(type: ListType<Type>, tree: Tree, name: string): unknown[] | undefined {
    if (tree.kind !== 'list') {
      if (isEmpty(tree)) return [];
      if (type.orOne && tree.kind === 'scalar') {
        const only = this.check(type.of, tree, name, tree.place);
        return only === undefined ? [] : [only];
      }
      return this.#wrong(type, tree, name, {}, ': write it in brackets, [ … ]');
    }
    if (tree.items.length > type.maxItems) {
      const count = `${tree.items.length} entries; at most ${type.maxItems} are allowed`;
      this.#problems.add(tree.place, `${name} has ${count}`);
      return undefined;
    }
    const items = tree.items.map((item) => this.check(type.of, item, `an entry of ${name}`, item.place));
    return items.filter((item) => item !== undefined);
  }

  #scalar(type: Type, tree: Tree, name: string): Field<unknown> | undefined {
    if (tree.kind !== 'scalar') return this.#wrong(type, tree, name);
    const { value, place } = tree;
    if (value === null) {
      this.#problems.add(place, `${name} has no value: write ${describe(type)}, or take it out`);
      return undefined;
    }
    switch (type.kind) {
      case 'integer':
        return this.#integer(type, tree, name);
      case 'number':
        if (typeof value === 'number' && value >= type.min && value <= type.max) return { value, place };
        return this.#wrong(type, tree, name, {}, isDigits(value) ? ': write it without quotes' : '');
      case 'duration':
        return this.#quantity(type, tree, name, parseDurationMs);
      case 'bytes':
        return this.#quantity(type, tree, name, parseBytes);
      case 'boolean':
        return typeof value === 'boolean' ? { value, place } : this.#wrong(type, tree, name, booleanHints(value));
      case 'choice':
        if (typeof value === 'string' && type.words.includes(value)) return { value, place };
        return this.#wrong(type, tree, name, { suggestion: nearest(String(value), type.words) });
      case 'text':
        return this.#text(type, tree, name);
      default:
        return this.#wrong(type, tree, name);
    }
  }

  #integer(type: IntegerType, tree: ScalarTree, name: string): Field<number> | undefined {
    const { value, place } = tree;
    if (type.none && (value === 0 || value === 'none')) return { value: 0, place };
    if (typeof value === 'number' && Number.isInteger(value) && value >= type.min && value <= type.max) {
      return { value, place };
    }
    return this.#wrong(type, tree, name, {}, isDigits(value) ? ': write it without quotes' : '');
  }

  #quantity(
    type: DurationType | BytesType,
    tree: ScalarTree,
    name: string,
    parse: (text: string) => number | undefined,
  ): Field<number> | undefined {
    const { value, place } = tree;
    if (type.none && (value === 0 || value === 'none')) return { value: 0, place };
    if (typeof value === 'string') {
      const amount = parse(value);
      if (amount !== undefined && amount >= parse(type.min)! && amount <= parse(type.max)!)
        return { value: amount, place };
      if (type.none && amount === 0) return { value: 0, place };
      return this.#wrong(type, tree, name, amount === undefined ? { suggestion: rewritten(value, parse) } : {});
    }
    const whole = typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
    return this.#wrong(type, tree, name, {}, whole ? `: a number needs its unit, ${withUnits(type, value)}` : '');
  }

  #text(type: TextType<unknown>, tree: ScalarTree, name: string): Field<unknown> | undefined {
    if (typeof tree.value !== 'string') {
      const suggestion = typeof tree.value === 'number' ? type.meant?.(tree.value) : undefined;
      return this.#wrong(type, tree, name, { suggestion });
    }
    const parsed = type.parse(tree.value);
    if ('value' in parsed) return { value: parsed.value, place: tree.place };
    const { message, part, ...hints } = parsed;
    this.#problems.add(part === undefined ? tree.place : partOf(tree.place, part), `${name} ${message}`, hints);
    return undefined;
  }

  #wrong(type: Type, tree: Tree, name: string, hints: ProblemHints = {}, advice = ''): undefined {
    const subject = name === '' ? 'the config' : name;
    this.#problems.add(tree.place, `${subject} must be ${describe(type)}, not ${shown(tree)}${advice}`, hints);
    return undefined;
  }
}

function isDigits(value: unknown): boolean {
  return typeof value === 'string' && /^\d+(\.\d+)?$/.test(value);
}

function shown(tree: Tree): string {
  if (tree.kind === 'map') return 'a map';
  if (tree.kind === 'list') return 'a list';
  return typeof tree.value === 'string' ? quote(tree.value) : String(tree.value);
}

/** The part of a text that is wrong, if it stands in the source as it is (it may not, behind escapes). */
function partOf(place: Place, part: string): Place {
  const at = place.source.text.slice(place.start, place.end).lastIndexOf(part);
  return at === -1 || part === '' ? place : { ...place, start: place.start + at, end: place.start + at + part.length };
}

function booleanHints(value: unknown): ProblemHints {
  if (value === 1 || /^(true|yes|on|y)$/i.test(String(value))) return { suggestion: 'true' };
  return value === 0 || /^(false|no|off|n)$/i.test(String(value)) ? { suggestion: 'false' } : {};
}

function withUnits(type: DurationType | BytesType, amount: number): string {
  if (type.kind === 'duration') return `such as ${amount}ms or ${amount}s`;
  return amount < 1000 ? `such as ${amount}kB or ${amount}MB` : `such as ${amount}B or ${formatBytes(amount)}`;
}

/** Units as they are spoken or typed in haste, in lower case. */
const spokenUnits: Record<string, readonly string[]> = {
  ms: ['msec', 'msecs', 'millis'],
  s: ['sec', 'secs', 'second', 'seconds'],
  m: ['min', 'mins', 'minute', 'minutes'],
  h: ['hr', 'hrs', 'hour', 'hours'],
  d: ['day', 'days'],
  B: ['b', 'byte', 'bytes'],
  kB: ['kb', 'k'],
  MB: ['mb', 'm'],
  GB: ['gb', 'g'],
  KiB: ['kib', 'ki'],
  MiB: ['mib', 'mi'],
  GiB: ['gib', 'gi'],
};

/** `10 mb` → `10MB`, `5min` → `5m`: what was likely meant. */
function rewritten(text: string, parse: (text: string) => number | undefined): string | undefined {
  const match = /^\s*(\d{1,16}(?:\.\d{1,6})?)\s*([A-Za-z]{1,8})\s*$/.exec(text);
  if (match === null) return undefined;
  const [, number = '', unit = ''] = match;
  const lower = unit.toLowerCase();
  const meant = Object.entries(spokenUnits).filter(([unit, words]) => unit === lower || words.includes(lower));
  return meant.map(([unit]) => `${number}${unit}`).find((candidate) => parse(candidate) !== undefined);
}
