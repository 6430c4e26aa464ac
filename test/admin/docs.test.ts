import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { acceptorCounters, poolCounters, threadCounters } from '../../runtime/shared/counters.ts';
import { root } from '../helpers/import-graph.ts';
import { parseMetrics } from './exposition.ts';
import { adminRig, ask, services } from './rig.ts';

const page = readFileSync(join(root, 'docs/admin.md'), 'utf8');

test('docs/admin.md has every path and every metric, with its type', async (t) => {
  const yaml = `io: { threads: 1 }\npools: { work: { threads: 1 }, side: { threads: 1 } }\n${services}`;
  await using rig = await adminRig(yaml);
  const { paths } = await rig.get<{ paths: { path: string }[] }>('/');
  for (const { path } of paths) t.true(page.includes(path), path);
  const families = parseMetrics((await ask(rig.address, 'GET', '/metrics')).text);
  for (const [name, { type }] of families) t.true(page.includes(`\n| \`${name}\` | ${type} |`), name);
  const told = [...page.matchAll(/^\| `((?:heddle|process)_\w+)` \|/gm)].map(([, name]) => name);
  t.deepEqual(told.sort(), [...families.keys()].sort());
});

test('every heddle_* metric that a page of docs/ names is there, with its event', async (t) => {
  const yaml = `io: { threads: 1 }\npools: { work: { threads: 1 }, side: { threads: 1 } }\n${services}`;
  await using rig = await adminRig(yaml);
  const families = parseMetrics((await ask(rig.address, 'GET', '/metrics')).text);
  const events = new Set(Object.keys(threadCounters));
  for (const file of readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))) {
    const text = readFileSync(join(root, 'docs', file), 'utf8');
    for (const [name] of text.matchAll(/\bheddle_[a-z_]+[a-z]/g)) {
      t.true(families.has(name.replace(/_(bucket|sum|count)$/, '')), `${file}: ${name}`);
    }
    for (const [, event] of text.matchAll(/heddle_events_total\{event="([^"]+)"/g)) {
      t.true(events.has(event!), `${file}: ${event}`);
    }
  }
});

test('docs/admin.md has every event, cause and reason', (t) => {
  const names = [threadCounters, poolCounters, acceptorCounters].flatMap((table) => Object.keys(table));
  const labels = names.map((name) => name.replace(/^(death|refused)-(?!draining)/, ''));
  for (const label of labels) {
    if (!['restarts', 'retired', 'stall-warnings', 'waited', 'paused', 'resumed'].includes(label))
      t.true(page.includes(`\n| \`${label}\` | `), label);
  }
});

test('every example answer of docs/admin.md is JSON', (t) => {
  const examples = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => text!);
  t.true(examples.length >= 9);
  for (const text of examples) t.notThrows(() => JSON.parse(text), text);
});
