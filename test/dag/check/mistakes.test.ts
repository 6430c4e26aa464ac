// The table of mistakes, mistakes.txt: a right file, a wrong line, and exactly what is printed about it.

import { readFileSync } from 'node:fs';
import test from 'ava';
import { feed, photo, told } from './world.ts';

const table = readFileSync(new URL('./mistakes.txt', import.meta.url), 'utf8');

interface Case {
  readonly title: string;
  readonly text: string;
  readonly printed: string;
}

const cases = table.split(/^# /m).slice(1).map(readCase);

function readCase(block: string): Case {
  const [head = '', printed = ''] = block.split('\n==\n');
  const [title = '', ...hunks] = head.split('\n@@\n');
  return { title, text: hunks.reduce(changed, feed), printed: printed.trimEnd() };
}

/** As `patch` does it; what a hunk takes out must stand there once. */
function changed(text: string, hunk: string): string {
  const lines = hunk.split('\n');
  const side = (sign: '-' | '+') => lines.filter((line) => line[0] !== sign).map((line) => `${line.slice(1)}\n`);
  const [after, before] = [side('-').join(''), side('+').join('')];
  const parts = `\n${text}`.split(`\n${before}`);
  if (parts.length !== 2) throw new Error(`${JSON.stringify(before)} stands ${parts.length - 1} times in feed.yaml`);
  return parts.join(`\n${after}`).slice(1);
}

test('says nothing about a right file', (t) => {
  t.is(told({ 'feed.yaml': feed, 'photo.yaml': photo }), '');
});

test('the table has its cases', (t) => {
  t.true(cases.length >= 45);
  t.is(new Set(cases.map(({ title }) => title)).size, cases.length);
});

for (const { title, text, printed } of cases) {
  test(`tells ${title}`, (t) => {
    t.is(told({ 'feed.yaml': text, 'photo.yaml': photo }), printed);
  });
}
