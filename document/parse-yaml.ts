// parseYaml: a YAML text to a Tree with places. Syntax errors, duplicate keys, aliases and merge keys are settled here,
// so that nothing behind it knows YAML.

import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseDocument, type YAMLMap } from 'yaml';
import type { Place, ProblemList, Source } from './problem.ts';
import { quote } from './quote.ts';
import type { Entry, Tree } from './tree.ts';

/** Longest config text, UTF-16 units: a config of a thousand services is a tenth of it. */
export const textMax = 1_048_576;

/** Aliases (`*name`) in one text at most: each may repeat a large part, and a hundred is more than a config needs. */
export const aliasesMax = 100;

/**
 * The text of `source` from offset `from` on. Undefined: an empty document, or nothing that can be read (then problems
 * were added). Never throws.
 */
export function parseYaml(source: Source, problems: ProblemList, from = 0): Tree | undefined {
  if (source.text.length > textMax) {
    const place = { source, start: 0, end: 1 };
    problems.add(place, `the text is ${source.text.length} characters long; at most ${textMax} are read`);
    return undefined;
  }
  return new Reader(source, problems, from).read();
}

class Reader {
  readonly #source: Source;
  readonly #problems: ProblemList;
  readonly #from: number;
  readonly #anchors = new Map<string, Tree | 'open'>();
  #aliases = 0;

  constructor(source: Source, problems: ProblemList, from: number) {
    this.#source = source;
    this.#problems = problems;
    this.#from = from;
  }

  read(): Tree | undefined {
    // Duplicate keys and merges are handled below: the library's own check takes quadratic time.
    const document = parseDocument(this.#source.text.slice(this.#from), {
      version: '1.2',
      schema: 'core',
      uniqueKeys: false,
      merge: false,
      prettyErrors: false,
      logLevel: 'error',
    });
    const failures = [...document.errors, ...document.warnings];
    let line = 0;
    for (const { code, message, pos } of failures.sort((left, right) => left.pos[0] - right.pos[0])) {
      const place = this.#place(pos[0], pos[1]);
      // One slip often makes several errors of the grammar; the first of a line is the one that helps.
      const at = this.#source.position(place.start).line;
      if (at !== line) this.#problems.add(place, `not valid YAML: ${sentences.get(code) ?? lowerFirst(message)}`);
      line = at;
    }
    if (failures.length > 0 || document.contents === null) return undefined;
    return this.#tree(document.contents as Node);
  }

  #place(start: number, end: number): Place {
    return { source: this.#source, start: start + this.#from, end: Math.max(end, start + 1) + this.#from };
  }

  #placeOf(node: Node): Place {
    const [start, end] = node.range ?? [0, 0];
    return this.#place(start, end);
  }

  #tree(node: Node): Tree {
    if (isAlias(node)) return this.#alias(node);
    const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, 'open');
    const tree = this.#plain(node);
    if (anchor !== undefined) this.#anchors.set(anchor, tree);
    return tree;
  }

  #plain(node: Node): Tree {
    const place = this.#placeOf(node);
    if (isMap(node)) return { kind: 'map', place, entries: this.#entries(node) };
    if (isSeq(node)) return { kind: 'list', place, items: node.items.map((item) => this.#tree(item as Node)) };
    const value = isScalar(node) ? node.value : null;
    const known = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    return { kind: 'scalar', place, value: known || typeof value === 'bigint' ? value : null };
  }

  #alias(alias: Alias): Tree {
    const place = this.#placeOf(alias);
    const target = this.#anchors.get(alias.source);
    if (++this.#aliases > aliasesMax) {
      if (this.#aliases === aliasesMax + 1) this.#problems.add(place, `more than ${aliasesMax} aliases in one text`);
    } else if (target === undefined) {
      this.#problems.add(place, `no anchor &${alias.source} stands before this`, {
        allowed: [...this.#anchors.keys()],
      });
    } else if (target === 'open') {
      this.#problems.add(place, `the anchor &${alias.source} contains itself`);
    } else {
      return target;
    }
    return { kind: 'scalar', place, value: null };
  }

  #entries(map: YAMLMap): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    const merged: Entry[] = [];
    for (const pair of map.items as Pair<Node | null, Node | null>[]) {
      const place = pair.key === null ? this.#placeOf(map) : this.#placeOf(pair.key);
      const name = this.#keyText(pair.key, place);
      // A key without a value shows its own place when a value is missing.
      const value: Tree = isBare(pair.value) ? { kind: 'scalar', place, value: null } : this.#tree(pair.value);
      if (name === undefined) continue;
      if (name === '<<' && isScalar(pair.key) && pair.key.type === 'PLAIN') {
        merged.push({ key: place, value });
        continue;
      }
      const first = entries.get(name);
      if (first === undefined) {
        entries.set(name, { key: place, value });
      } else {
        const line = this.#source.position(first.key.start).line;
        this.#problems.add(place, `the key ${quote(name)} stands here a second time; the first is in line ${line}`);
      }
    }
    for (const merge of merged) this.#merge(entries, merge);
    return entries;
  }

  #keyText(key: Node | null, place: Place): string | undefined {
    // A number or a boolean as key (`80: …`) is taken as it is written.
    if (isScalar(key)) return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
    this.#problems.add(place, 'a key must be a plain word');
    return undefined;
  }

  /** `<<: *base` and `<<: [*first, *second]`: what is written here wins, then the first that was named. */
  #merge(entries: Map<string, Entry>, merge: Entry): void {
    const sources = merge.value.kind === 'list' ? merge.value.items : [merge.value];
    for (const source of sources) {
      if (source.kind !== 'map') {
        this.#problems.add(merge.key, 'a merge key (<<) takes a map, an alias of one, or a list of such');
        return;
      }
      for (const [name, entry] of source.entries) if (!entries.has(name)) entries.set(name, entry);
    }
  }
}

function isBare(node: Node | null): node is null {
  return node === null || (isScalar(node) && node.value === null && !node.source && node.anchor === undefined);
}

/** Where the library's message needs its grammar to be understood. */
const sentences = new Map<string, string>([
  ['MULTIPLE_DOCS', 'a config is one document: take the second --- out'],
  ['TAB_AS_INDENT', 'a tab can not indent; use spaces'],
  ['BLOCK_AS_IMPLICIT_KEY', 'a second "key: value" on one line; begin a new line, or put the value in quotes'],
  ['BAD_SCALAR_START', 'a value can not begin with @ or a backtick; put it in quotes'],
  ['MULTILINE_IMPLICIT_KEY', 'this looks like a key over several lines; is a colon missing, or the indentation off?'],
  ['RESOURCE_EXHAUSTION', 'it is nested too deeply'],
]);

function lowerFirst(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}
