import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { startMeter } from '../../../dag/expression/meter.ts';
import { matcherOf } from '../../../dag/expression/pattern/matches.ts';
import { ProblemSignal } from '../../../dag/expression/problem.ts';

const site = { text: '', start: 0, end: 0 };

function matches(pattern: string, text: string, steps = 1_000_000): boolean {
  startMeter(steps);
  return matcherOf(pattern).test(text, site);
}

const plain = fc.constantFrom('a', 'b', 'c', '.', '[ab]', '[^a]', '[a-c]', '\\w', '\\W', '\\d', 'é', '😀', '\\.', '-');
const anchors = fc.constantFrom('^', '$', '\\b', '\\B');
const counts = fc.constantFrom('*', '+', '?', '{2}', '{1,}', '{0,2}', '*?', '+?');

const { pattern } = fc.letrec<{ pattern: string; sequence: string; part: string }>((tie) => ({
  pattern: fc.array(tie('sequence'), { minLength: 1, maxLength: 3 }).map((branches) => branches.join('|')),
  sequence: fc.array(tie('part'), { maxLength: 4 }).map((parts) => parts.join('')),
  part: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'pattern' },
    plain,
    fc.tuple(plain, counts).map(([char, count]) => char + count),
    anchors,
    fc.tuple(tie('pattern'), counts).map(([inner, count]) => `(?:${inner})${count}`),
    tie('pattern').map((inner) => `(${inner})`),
  ),
}));

test('agrees with RegExp on what both can do', (t) => {
  const subjects = fc.array(
    fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', '-', '.', 'é', '😀', '\n'), maxLength: 8 }),
  );
  fc.assert(
    fc.property(pattern, subjects, (written, texts) => {
      fc.pre(written.length <= 100);
      const expected = new RegExp(written, 'u');
      for (const text of texts) {
        // V8 also looks between the two halves of a character, where nothing else matches, and finds no character of
        // two halves for a negated class at the end of a text.
        if (/\\B|\[\^/.test(written) && text.includes('😀')) continue;
        assert.equal(
          matches(written, text),
          expected.test(text),
          `${JSON.stringify(written)} on ${JSON.stringify(text)}`,
        );
      }
    }),
    { numRuns: 1500 },
  );
  t.pass();
});

test('a negated class takes a character of two halves, also at the end of a text', (t) => {
  t.true(matches('[^a]$', '😀'));
  t.true(matches('a[^a]$', 'a😀'));
  t.false(matches('[^😀]$', '😀'));
});

test('takes steps in proportion to the text, for the patterns that hang a RegExp', (t) => {
  for (const evil of ['^(a+)+$', '(a|aa)+$', '^(a|a?)+$', '(.*a){12}$', '^(a*)*(b*)*$', '^((a?){20}){20}$']) {
    // At most 16 states a step, and all states at each of the characters.
    const text = `${'a'.repeat(2000)}!`;
    t.false(matches(evil, text, (2001 * 1000 * 2) / 16), evil);
  }
});

test('costs steps, so that long texts and large patterns stay within the budget', (t) => {
  t.throws(() => matches('(a?){200}$', `${'a'.repeat(20_000)}!`, 100_000), { code: 'RESOURCE_EXHAUSTED' });
  t.true(matches('x$', `${'a'.repeat(200_000)}x`, 100_000));
});

for (const [wrong, message] of [
  ['(', /not closed/],
  [')', /no \( for this/],
  ['[a', /set is not closed/],
  ['[]', /set is empty/],
  ['[b-a]', /ranges go/],
  ['a**', /needs a group/],
  ['*a', /nothing to repeat/],
  ['^*', /nothing to repeat/],
  ['a{2', /a count goes/],
  ['a{3,2}', /counts go up/],
  ['a{1001}', /counts go up/],
  ['(a{100}){100}', /more than 1000 states/],
  ['(?=a)', /no looking around/],
  ['(?i)a', /no flags/],
  ['(a)\\1', /no back-references/],
  ['\\p{L}', /no \\p/],
  ['a'.repeat(257), /longer than 256/],
] as const) {
  test(`refuses the pattern ${wrong.slice(0, 20)}`, (t) => {
    t.throws(() => matcherOf(wrong), { message });
  });
}

test('no text hangs the pattern reader or breaks it', (t) => {
  const units = fc.constantFrom(...'ab()[]{}|*+?^$.\\-,:=!<dwbp019é');
  fc.assert(
    fc.property(fc.string({ unit: units, maxLength: 40 }), (written) => {
      try {
        matches(written, 'abab 01\n');
      } catch (error) {
        assert.ok(error instanceof ProblemSignal, String(error));
      }
    }),
    { numRuns: 3000 },
  );
  t.pass();
});
