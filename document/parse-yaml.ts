// parseYaml: a YAML text to a Tree with places. Syntax errors, duplicate keys, aliases and merge keys are settled here,
// so that nothing behind it knows YAML.

import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import type { Place, ProblemList, Source } from './problem.ts';
import { quote } from './quote.ts';
import type { Entry, Tree } from './tree.ts';

/** Longest config text, UTF-16 units: a config of a thousand services is a tenth of it. */
export const textMax = 1_048_576;

/** Aliases (`*name`) in one text at most: each may repeat a large part, and a hundred is more than a config needs. */
export const aliasesMax = 100;

/** Slips in one text that are explained; each costs another reading of it, in all of so many characters. */
const explainedMax = 20;
const readAgainMax = 1_048_576;
/** Errors of one text that an explanation is asked for. */
const askedMax = 200;

/** What was meant by a part of a line that YAML reads otherwise: its offsets, end excluded, and a sentence. */
export interface Explanation {
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

/** Asked at an error of the grammar, for the text that it is in and its offset; undefined: it knows nothing better. */
export type Explain = (text: string, offset: number) => Explanation | undefined;

/**
 * The text of `source` from offset `from` on. Undefined: an empty document, or nothing that can be read (then problems
 * were added). What `explain` knows about an error is told in place of it. Never throws.
 */
export function parseYaml(source: Source, problems: ProblemList, from = 0, explain?: Explain): Tree | undefined {
  if (source.text.length > textMax) {
    const place = { source, start: 0, end: 1 };
    problems.add(place, `the text is ${source.text.length} characters long; at most ${textMax} are read`);
    return undefined;
  }
  return new Reader(source, problems, from, explain).read();
}

class Reader {
  readonly #source: Source;
  readonly #problems: ProblemList;
  readonly #from: number;
  readonly #explain: Explain | undefined;
  readonly #anchors = new Map<string, Tree | 'open'>();
  #aliases = 0;
  #asked = 0;

  constructor(source: Source, problems: ProblemList, from: number, explain: Explain | undefined) {
    this.#source = source;
    this.#problems = problems;
    this.#from = from;
    this.#explain = explain;
  }

  read(): Tree | undefined {
    let text = this.#source.text.slice(this.#from);
    const readings = 1 + Math.min(explainedMax, Math.floor(readAgainMax / (text.length + 1)));
    for (let reading = 0; reading < readings; reading++) {
      const document = documentOf(text);
      const failures = [...document.errors, ...document.warnings].sort((left, right) => left.pos[0] - right.pos[0]);
      if (failures.length === 0 && reading === 0) {
        return document.contents === null ? undefined : this.#tree(document.contents as Node);
      }
      const mended = this.#tell(failures, text);
      if (mended === undefined) break;
      text = mended;
    }
    return undefined;
  }

  /** Of an explained error, the text with a plain word in its place: what it made of the rest is gone from it. */
  #tell(failures: readonly YAMLError[], text: string): string | undefined {
    let regionEnd = 0;
    for (const { code, message, pos } of failures) {
      // One slip often makes many errors of the grammar: in the rest of its section, and where the document "goes on".
      if (regionEnd > 0 && (pos[0] < regionEnd || message.includes('in YAML stream'))) continue;
      const explained = ++this.#asked > askedMax ? undefined : this.#explain?.(text, pos[0]);
      if (explained !== undefined) {
        const { start, end } = explained;
        this.#problems.add(this.#place(start, end), explained.message);
        return text.slice(0, start) + 'x'.repeat(end - start) + text.slice(end);
      }
      const sentence = code === 'BAD_SCALAR_START' ? badStart(text[pos[0]]) : sentences.get(code);
      this.#problems.add(this.#place(pos[0], pos[1]), `not valid YAML: ${sentence ?? lowerFirst(message)}`);
      regionEnd = nextSection(text, pos[0]);
    }
    return undefined;
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

function documentOf(text: string): Document.Parsed {
  // Duplicate keys and merges are handled here: the library's own check takes quadratic time.
  return parseDocument(text, {
    version: '1.2',
    schema: 'core',
    uniqueKeys: false,
    merge: false,
    prettyErrors: false,
    logLevel: 'error',
  });
}

/** Where the next key that is not indented begins. */
function nextSection(text: string, offset: number): number {
  const lineStart = /\n(?=[^\s#\]}-])/g;
  lineStart.lastIndex = offset;
  return lineStart.exec(text) === null ? text.length + 1 : lineStart.lastIndex;
}

function badStart(sign = ''): string {
  return `a value can not begin with ${sign === '`' ? 'a backtick' : sign}; put it in quotes`;
}

function isBare(node: Node | null): node is null {
  return node === null || (isScalar(node) && node.value === null && !node.source && node.anchor === undefined);
}

/** Where the library's message needs its grammar to be understood. */
const sentences = new Map<string, string>([
  ['MULTIPLE_DOCS', 'a config is one document: take the second --- out'],
  ['TAB_AS_INDENT', 'a tab can not indent; use spaces'],
  ['BLOCK_AS_IMPLICIT_KEY', 'a second "key: value" on one line; begin a new line, or put the value in quotes'],
  ['BLOCK_IN_FLOW', 'a second "key: value" where one value stands; put the value in quotes, or the pair in braces'],
  ['MULTILINE_IMPLICIT_KEY', 'this looks like a key over several lines; is a colon missing, or the indentation off?'],
  ['RESOURCE_EXHAUSTION', 'it is nested too deeply'],
]);

function lowerFirst(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}
