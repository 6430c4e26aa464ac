// docs/plugins.md: every extension point stands in its table, and its longer code is the code that tests run.

import { readFileSync } from 'node:fs';
import test from 'ava';
import { codeOfNumber, emptyCallReply } from '../../../plugin.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const page = read('docs/plugins.md');

test('every point that a host has stands in the table of hosts', (t) => {
  const files = ['extensions', 'main-extensions', 'log-sink', 'admin-command'].map((one) =>
    read(`runtime/plugins/${one}.ts`),
  );
  const points = new Set(
    files.flatMap((text) => [...text.matchAll(/\b([a-z][A-Za-z]*)Point\b/g)].map(([, name]) => name!)),
  );
  t.true(points.size >= 9, [...points].join());
  for (const point of points) t.true(page.includes(`| \`${point}(`), point);
});

test('authors of protocols read what each field of a reply is', (t) => {
  const [, protocol = ''] = /^### protocol\n([\s\S]*?)^### /m.exec(page) ?? [];
  const table = protocol.slice(protocol.indexOf('The reply'));
  for (const field of Object.keys(emptyCallReply())) t.true(table.includes(`\`${field}\``), field);
  t.is(codeOfNumber(5), 'NOT_FOUND');
});

test('the limiter of the page is the one that tests run', (t) => {
  const [, code = ''] = /```ts\n\/\/ per-tenant\.ts[^\n]*\n([\s\S]*?)```/.exec(page) ?? [];
  t.true(code.length > 500);
  t.true(read('test/net/limiters/fixtures/per-tenant.ts').includes(code.slice(code.indexOf('export default'))));
});
