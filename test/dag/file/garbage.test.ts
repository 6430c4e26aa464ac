import test from 'ava';
import fc from 'fast-check';
import type { StrategyOptions } from '../../../dag/file/options.ts';
import { readProgram } from '../../../dag/file/read-program.ts';
import { strategy } from '../../../dag/strategy.ts';
import { type Problem, ProblemList } from '../../../document/problem.ts';
import { read } from './read.ts';
import { richFile } from './rich-graph.ts';

/** A problem points to something: into its line, at most to the end of it. */
function isInItsLine({ sourceLine = '', column, length, line }: Problem): boolean {
  return line >= 1 && column >= 1 && length >= 1 && column <= sourceLine.length + 1;
}

const pieces = [
  '{',
  '}',
  '[',
  ']',
  ':',
  ', ',
  '"',
  "'",
  '\n',
  '  ',
  '- ',
  '*a',
  '&a ',
  '<<: ',
  '?',
  '#',
  '|\n',
  'null',
  '1e9',
  '.inf',
  'rank',
  'strategy: x',
  '\u{1F600}',
  '\u2028',
  '\0',
  '__proto__: 1',
  'nodes:',
];

const edit = fc.record({
  at: fc.nat(richFile.length),
  cut: fc.oneof(fc.constant(0), fc.nat(40)),
  insert: fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 5 })),
});

test('a right file with random edits gives a definition or problems that point into their lines', (t) => {
  const law = fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
    const text = edits.reduce((old, { at, cut, insert }) => old.slice(0, at) + insert + old.slice(at + cut), richFile);
    const { result, problems } = read(text);
    return (result !== undefined || problems.length > 0) && problems.every(isInItsLine);
  });
  t.notThrows(() => fc.assert(law, { numRuns: 400 }));
});

test('a right file whose values are swapped for others gives a definition or problems', (t) => {
  const values = richFile.match(/(?<=: )[^{}[\],\n]+/g) ?? [];
  const swap = fc.tuple(
    fc.nat(values.length - 1),
    fc.constantFrom(...values, '{}', '[]', '', '{ a: 1 }', '[x, 2]', '~', '-1'),
  );
  const law = fc.property(fc.array(swap, { minLength: 1, maxLength: 3 }), (swaps) => {
    let text = richFile;
    for (const [which, other] of swaps) text = text.replace(`: ${values[which]}`, () => `: ${other}`);
    const { result, problems } = read(text);
    return (result !== undefined || problems.length > 0) && problems.every(isInItsLine);
  });
  t.notThrows(() => fc.assert(law, { numRuns: 400 }));
});

test('whatever a program passes gives a definition or problems', (t) => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSparseArray: true,
  });
  const keys = [
    'description',
    'request',
    'budget',
    'defaults',
    'nodes',
    'output',
    'layers',
    'degrade',
    'report',
    'tests',
  ];
  const node = fc.dictionary(
    fc.constantFrom('run', 'call', 'value', 'input', 'needs', 'fallback', 'foreach', 'cache'),
    anything,
  );
  const options = fc.oneof(
    fc.dictionary(fc.constantFrom(...keys), anything),
    fc.record({ nodes: fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'x y'), node), output: anything }),
  );
  const law = fc.property(options, (given) => {
    const problems = new ProblemList();
    const result = readProgram(strategy('x', given as unknown as StrategyOptions), 'file:///x.ts', 'x', problems);
    return (result !== undefined || problems.size > 0) && problems.sorted().every(isInItsLine);
  });
  t.notThrows(() => fc.assert(law, { numRuns: 400 }));
});
