import test from 'ava';
import fc from 'fast-check';
import { Document, stringify } from 'yaml';
import { schema } from '../../config/schema.ts';
import { check } from '../../document/check.ts';
import { keysOf } from '../../document/declare.ts';
import { formatProblems } from '../../document/format-problems.ts';
import { parseYaml } from '../../document/parse-yaml.ts';
import { ProblemList, Source } from '../../document/problem.ts';
import { defaultPlace } from '../../document/tree.ts';
import type { Type } from '../../document/types.ts';
import { formatBytes, formatDuration, parseBytes, parseDurationMs } from '../../runtime/units.ts';
import { least, read } from './read.ts';

/** Something written, and what it must be read as. */
interface Sample {
  written: unknown;
  meant: unknown;
}

const words = fc.constantFrom('a', 'b_2', 'ranking', 'constructor', 'x9');

/** Whatever YAML and JSON both have words for. */
const plainData = fc.jsonValue({ maxDepth: 2, noUnicodeString: true }) as fc.Arbitrary<unknown>;

function amounts(
  type: { min: string; max: string },
  parse: (text: string) => number | undefined,
  format: (value: number) => string,
): fc.Arbitrary<Sample> {
  const range = { min: parse(type.min)!, max: parse(type.max)! };
  return fc.maxSafeNat().map((seed) => {
    const meant = range.min + (seed % (range.max - range.min + 1));
    return { written: format(meant), meant };
  });
}

/** Random values of a type. Texts take their example, since their forms have tests of their own. */
function samples(type: Type): fc.Arbitrary<Sample> {
  const none = { weight: 1, arbitrary: fc.constantFrom('none', 0).map((written) => ({ written, meant: 0 })) };
  const orNone = (has: boolean, arbitrary: fc.Arbitrary<Sample>): fc.Arbitrary<Sample> =>
    has ? fc.oneof(none, { weight: 3, arbitrary }) : arbitrary;
  switch (type.kind) {
    case 'integer':
      return orNone(
        type.none,
        fc.integer(type).map((meant) => ({ written: meant, meant })),
      );
    case 'number':
      return fc.double({ ...type, noNaN: true }).map((meant) => ({ written: meant, meant }));
    case 'tree':
      return plainData.map((written) => ({ written, meant: written }));
    case 'duration':
      return orNone(type.none, amounts(type, parseDurationMs, formatDuration));
    case 'bytes':
      return orNone(type.none, amounts(type, parseBytes, formatBytes));
    case 'boolean':
      return fc.boolean().map((meant) => ({ written: meant, meant }));
    case 'choice':
      return fc.constantFrom(...type.words).map((meant) => ({ written: meant, meant }));
    case 'text': {
      const parsed = type.parse(type.example);
      return fc.constant({ written: type.example, meant: 'value' in parsed ? parsed.value : undefined });
    }
    case 'list':
      return fc.array(samples(type.of), { maxLength: 3 }).map((items) => ({
        written: items.map((item) => item.written),
        meant: items.map((item) => item.meant),
      }));
    case 'map':
      return fc.dictionary(words, samples(type.of), { minKeys: type.minEntries, maxKeys: 3 }).map(both);
    case 'data':
      return fc.dictionary(words, plainData, { maxKeys: 3 }).map((written) => ({ written, meant: written }));
    case 'either':
      return fc.oneof(samples(type.short), samples(type.long));
    case 'object': {
      const keys = keysOf(type.keys);
      const requiredKeys = keys.filter(([, key]) => key.presence === 'required').map(([name]) => name);
      const arbitraries = Object.fromEntries(keys.map(([name, key]) => [name, samples(key.type)]));
      return fc.record(arbitraries, { requiredKeys }).map((record) => both(record as Record<string, Sample>));
    }
  }
}

function both(record: Record<string, Sample>): Sample {
  const entries = Object.entries(record);
  return {
    written: Object.fromEntries(entries.map(([name, sample]) => [name, sample.written])),
    meant: Object.fromEntries(entries.map(([name, sample]) => [name, sample.meant])),
  };
}

/** What a checked value means, with only what was written in it. */
function meaning(type: Type, checked: unknown): unknown {
  switch (type.kind) {
    case 'list':
      return (checked as unknown[]).map((item) => meaning(type.of, item));
    case 'map':
      return Object.fromEntries(
        [...(checked as Map<string, { value: unknown }>)].map(([name, entry]) => [name, meaning(type.of, entry.value)]),
      );
    case 'either': {
      const { short, long } = checked as { short: unknown; long: unknown };
      return short === undefined ? meaning(type.long, long) : meaning(type.short, short);
    }
    case 'object':
      return Object.fromEntries(keysOf(type.keys).map(([name, key]) => [name, meaningOf(key.type, checked, name)]));
    default:
      return (checked as { value: unknown }).value;
  }
}

function meaningOf(type: Type, checked: unknown, name: string): unknown {
  const value = (checked as Record<string, unknown>)[name];
  return value === undefined ? undefined : meaning(type, value);
}

function checked(text: string): { value: unknown; problems: string } {
  const problems = new ProblemList();
  const tree = parseYaml(new Source('file', 'heddle.yaml', text), problems);
  const value = tree === undefined ? undefined : check(schema, tree, '', defaultPlace, problems);
  return { value, problems: formatProblems(problems.sorted()) };
}

/** Everything of `part` is in `whole`, which has defaults besides. */
function contains(whole: unknown, part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return Object.is(whole, part);
  if (typeof whole !== 'object' || whole === null) return false;
  if (Array.isArray(part) && (whole as unknown[]).length !== part.length) return false;
  return Object.entries(part).every(([name, value]) => contains((whole as Record<string, unknown>)[name], value));
}

test('whatever is right is read as it was meant, in block and in flow style', (t) => {
  fc.assert(
    fc.property(samples(schema), fc.boolean(), ({ written, meant }, flow) => {
      const document = new Document(written);
      const text = flow ? document.toString({ collectionStyle: 'flow' }) : stringify(written);
      const { value, problems } = checked(text);
      t.is(problems, '', text);
      t.true(contains(meaning(schema, value), meant), text);
    }),
    { numRuns: 100 },
  );
});

const environmentNames = fc.constantFrom(
  'HEDDLE_IO__THREADS',
  'HEDDLE_',
  'HEDDLE___',
  'HEDDLE_LOG_X',
  'HEDDLE_POOLS__A__B__C',
);

test('garbage is never thrown at the caller, and each problem points into its line', (t) => {
  const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array).toString('latin1'));
  const signs = fc
    .array(fc.constantFrom(...'{}[],:&*!|>-?#\'"% \n\r\tab1~<='), { maxLength: 60 })
    .map((list) => list.join(''));
  const anything = fc.oneof(bytes, signs, fc.string({ unit: 'binary', maxLength: 80 }));
  const overrides = fc.array(
    fc.oneof(
      anything,
      anything.map((text) => `io.${text}`),
    ),
    { maxLength: 3 },
  );
  fc.assert(
    fc.property(anything, overrides, fc.dictionary(environmentNames, anything), (text, sets, environment) => {
      const { problems } = read(text, { overrides: sets, environment });
      for (const { line, column, length, sourceLine = '' } of problems) {
        t.true(line >= 1 && column >= 1 && length >= 1);
        t.true(column - 1 <= sourceLine.length && (length === 1 || column - 1 + length <= sourceLine.length));
      }
      t.is(typeof formatProblems(problems), 'string');
    }),
    { numRuns: 2000 },
  );
});

test('a right config with one piece torn out or put in is read or refused, never thrown', (t) => {
  const right = `pools: { a: &a { threads: 2 }, b: { <<: *a } }\nlog: { levels: { acceptor: debug } }\n${least}`;
  const cut = fc.tuple(fc.nat(right.length), fc.nat(12), fc.string({ unit: 'grapheme-ascii', maxLength: 4 }));
  fc.assert(
    fc.property(cut, ([at, length, piece]) => {
      const { settings, problems } = read(right.slice(0, at) + piece + right.slice(at + length));
      t.is(settings === undefined, problems.length > 0);
    }),
    { numRuns: 1500 },
  );
});

test('arbitrary values in arbitrary places are refused with a place in the file', (t) => {
  fc.assert(
    fc.property(samples(schema), fc.jsonValue(), fc.nat(), ({ written }, value, seed) => {
      const text = stringify(replaced(written, value, seed));
      for (const problem of read(text).problems) t.true(problem.line <= text.split('\n').length);
    }),
    { numRuns: 200 },
  );
});

/** A copy with one node, chosen by `seed`, replaced. */
function replaced(tree: unknown, value: unknown, seed: number): unknown {
  if (typeof tree !== 'object' || tree === null || seed % 4 === 0) return value;
  const keys = Object.keys(tree);
  if (keys.length === 0) return value;
  const chosen = keys[seed % keys.length]!;
  const copy = structuredClone(tree) as Record<string, unknown>;
  copy[chosen] = replaced(copy[chosen], value, Math.floor(seed / 4));
  return copy;
}
