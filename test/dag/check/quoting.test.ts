// The table of docs/expressions.md on quotes: what it calls wrong is told with the quotes that it shows, and they are right.

import { readFileSync } from 'node:fs';
import test from 'ava';
import { readStrategy } from '../../../dag/file/read-strategy.ts';
import { ProblemList, Source } from '../../../document/problem.ts';
import { told } from './world.ts';

const page = readFileSync(new URL('../../../docs/expressions.md', import.meta.url), 'utf8');
const table = page.split('| written so | YAML takes it for | written right |\n')[1]?.split('\n\n')[0] ?? '';
const rows = table
  .split('\n')
  .slice(1)
  .map((row) => row.split(' | ').map((cell) => cell.replace(/^(?:\| )?`(.*?)`(?: \|)?$/, '$1')));

function file(entry: string): string {
  const value = entry.startsWith('{') ? ` ${entry}` : `\n      ${entry}`;
  return `strategy: feed\nnodes:\n  node:\n    value:${value}\noutput: node\n`;
}

test('every row of the table on quotes is told so, and is right with them', (t) => {
  t.true(rows.length >= 7);
  for (const [wrong = '', , right = ''] of rows) {
    const [, quoted = 'quotes'] = /: (["'].*["'])/.exec(right) ?? [];
    const message = told({ 'feed.yaml': file(wrong) }, {});
    t.true(message.includes(quoted), message);
    const problems = new ProblemList();
    readStrategy(new Source('file', 'feed.yaml', file(right)), problems);
    t.deepEqual(problems.sorted(), [], right);
  }
});
