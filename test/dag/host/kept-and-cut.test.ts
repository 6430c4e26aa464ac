// What a publish keeps, what a trace leaves out, and what threads and nodes that lack something say.

import test from 'ava';
import { RequestCheck } from '../../../dag/host/check-request.ts';
import { CounterLedger } from '../../../dag/host/counter-ledger.ts';
import { ModuleStrategies } from '../../../dag/host/module-strategies.ts';
import { strategyReports } from '../../../dag/host/strategy-report.ts';
import { traceKey } from '../../../dag/host/thread-strategies.ts';
import type { ValueShape } from '../../../runtime/value-shape.ts';
import { folderOf } from '../load/folder.ts';
import { definitionsOf, ThreadRig } from './world.ts';

const one = 'strategy: feed\nnodes: { a: { run: ./w.ts#a, cache: { key: "1", ttl: 1h } } }\noutput: a\n';

test('a value that is too large for a trace is cut and marked, and others stay', async (t) => {
  const thread = await ThreadRig.of(t, {
    'feed.yaml': 'strategy: feed\nnodes: { a: { run: ./w.ts#a }, b: { value: 7, needs: [a] } }\noutput: b\n',
    'w.ts': 'export const a = () => Array.from({ length: 200_000 }, (_, id) => ({ id }));\n',
  });
  await thread.rig.outcome((fiber) => thread.run(fiber, 'feed'), { metadata: { [traceKey]: 'values' } });
  const { trace, size } = thread.saying('trace').at(-1)!;
  t.deepEqual(trace.nodes[0]!.value, { '…': 'cut: over 16 KiB of JSON, or over 64 deep' });
  t.is(trace.nodes[1]!.value, 7);
  t.true(size < 16_384);
});

test('a strategy that nobody has counted is reported with zeros', async (t) => {
  const definitions = await definitionsOf(folderOf(t, { 'feed.yaml': one }), ['feed.yaml'], false);
  const [report] = strategyReports(definitions, new CounterLedger(), { manual: new Map(), why: new Map() });
  t.is(report!.done, 0);
  t.is(report!.nodes[0]!.done, 0);
});

test('a changed graph whose functions stand in a loaded module is refused, an equal one is not', async (t) => {
  const [yaml] = await definitionsOf(folderOf(t, { 'feed.yaml': one }), ['feed.yaml'], false);
  const work = { kind: 'function', moduleUrl: 'file:///srv/feed.ts', exportName: 'feed', node: 'a' } as const;
  const feed = { ...yaml!, nodes: [{ ...yaml!.nodes[0]!, work }] };
  const modules = new ModuleStrategies();
  modules.check([feed]);
  modules.offered([feed]);
  modules.check([{ ...feed, description: 'other' }, yaml!]);
  const changed = { ...feed, nodes: [{ ...feed.nodes[0]!, timeoutMs: 3 }] };
  t.throws(() => modules.check([changed]), {
    code: 'FAILED_PRECONDITION',
    message: /`heddle reload` starts new threads/,
  });
});

test('a strategy that a publish leaves as it was keeps its cache', async (t) => {
  const thread = await ThreadRig.of(t, { 'feed.yaml': one, 'w.ts': 'let n = 0;\nexport const a = () => ++n;\n' });
  t.is(await thread.value('feed'), 1);
  thread.write('other.yaml', 'strategy: other\nnodes: { a: { value: 1 } }\noutput: a\n');
  await thread.offered(2);
  thread.hosted.onMessage({ say: 'use', version: 2 });
  t.is(await thread.value('feed'), 1);
  thread.hosted.onMessage({ say: 'use', version: 9 });
  t.deepEqual(thread.saying('missing'), [{ say: 'missing', version: 9, inUse: 2 }]);
});

test('a request that a node makes wrongly is the mistake of the strategy around it', async (t) => {
  const thread = await ThreadRig.of(t, {
    'inner.yaml': 'strategy: inner\nrequest: { k: number }\nnodes: { d: { value: request.k } }\noutput: d\n',
    'outer.yaml':
      'strategy: outer\nnodes: { a: { run: ./t.ts#t }, n: { strategy: inner, input: { k: a } } }\noutput: n\n',
    't.ts': "export const t = () => '7';\n",
  });
  await t.throwsAsync(thread.value('outer'), {
    code: 'INTERNAL',
    message: /outer\/n: its input is no request of inner: request\.k must be number, not string/,
  });
});

test('optional records within one another are checked in linear time', (t) => {
  let shape: ValueShape = { kind: 'string' };
  let value: unknown = 5;
  for (let depth = 0; depth < 200; depth++) {
    shape = { kind: 'union', members: [{ kind: 'record', fields: { x: shape } }, { kind: 'null' }] };
    value = { x: value };
  }
  const check = new RequestCheck(shape);
  t.false(check.fits(value));
  t.regex(check.problemOf(value), /x must be string, not number$/);
});
