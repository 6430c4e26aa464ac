import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { jsonArgument, jsonDepthMax, tracesIn, tracesOf } from '../../cli/dag/trace-file.ts';
import type { NodeTrace, RunTrace } from '../../dag/run/trace.ts';
import { feedTrace } from '../dag/draw/world.ts';
import { heddle, temporaryFolder } from './heddle.ts';

const node = {
  ...{ name: 'a', end: 'done', demandedMs: 0, startMs: 0, endMs: 5, marks: [], cached: false, critical: true },
  attempts: [{ hedge: false, startMs: 0, endMs: 5 }],
};
const run = {
  ...{ strategy: 'feed', version: 1, startedAt: 0, durationMs: 10, level: 0, params: {}, exposures: [] },
  ...{ nodes: [node], path: ['a'], degraded: [], criticalPath: ['a'] },
};

const wrongs: Record<string, [run: unknown, sentence: string]> = {
  null: [null, 'it is null, not a map with strategy, version, startedAt'],
  'a text': ['x', 'it is "x", not a map'],
  'a map without anything': [{}, 'it has no strategy, version, startedAt, durationMs'],
  'null in place of a node': [{ ...run, nodes: [null] }, 'nodes[0] is null, not a map with name, end, demandedMs'],
  'a node that is a name': [{ ...run, nodes: [{ name: 'a' }] }, 'nodes[0] has no end, demandedMs, endMs, attempts'],
  'no attempts': [withNode({ attempts: null }), 'nodes[0].attempts is null, not a list'],
  'times that are texts': [withNode({ startMs: '0' }), 'nodes[0].startMs is "0", not a number of ms from 0 to'],
  'an attempt without times': [
    withNode({ attempts: [{ hedge: false, startMs: 'x', endMs: {} }] }),
    'nodes[0].attempts[0].startMs is "x", not a number of ms',
  ],
  'an end of another world': [
    withNode({ end: '"><script>' }),
    'nodes[0].end is "\\"><script>", not one of done, failed, skipped, cancelled',
  ],
  'an end that objects have': [withNode({ end: 'constructor' }), 'nodes[0].end is "constructor", not one of'],
  'an end before the start': [withNode({ startMs: 7 }), 'nodes[0].endMs is 5, before its startMs, 7'],
  'a code that is none': [
    { ...run, failure: { code: 'OOPS', message: '' } },
    'failure.code is "OOPS", not a code such as UNAVAILABLE',
  ],
  'endless time': [{ ...run, durationMs: 1e308 }, 'durationMs is 1e+308, not a number of ms from 0 to 10000000000'],
  'a level that is none': [{ ...run, level: -3 }, 'level is -3, not a whole number from 0 to 10'],
  'parameters that are null': [{ ...run, params: null }, 'params is null, not a map from parameter to value'],
  'a node twice': [{ ...run, nodes: [node, node] }, 'nodes[1].name is "a", as that of nodes[0] is'],
  'more nodes than there can be': [
    { ...run, nodes: Array.from({ length: 257 }, () => node) },
    'nodes has 257 entries; there can be 256',
  ],
  'a wrong one in a list': [[run, { ...run, path: [1] }], '[1].path[0] is 1, not a text'],
  'a wrong one in an answer': [{ traces: [run, null] }, 'traces[1] is null, not a map'],
};

function withNode(parts: object): unknown {
  return { ...run, nodes: [{ ...node, ...parts }] };
}

for (const [what, [value, sentence]] of Object.entries(wrongs)) {
  test(`${what} is no trace, and it is said where`, (t) => {
    const error = t.throws(() => tracesOf(value, 'run.json'), { name: 'HeddleError', code: 'FAILED_PRECONDITION' });
    const start = `run.json is no trace of a run, as heddle dag traces --out writes one: ${sentence}`;
    t.is(error?.message.slice(0, start.length), start);
  });
}

test('no field of a run can be of another kind', (t) => {
  const whole = JSON.parse(JSON.stringify(feedTrace)) as RunTrace;
  const others = [null, true, 'x', -1, 1e300, [null], { x: {} }];
  const free = new Set(['value', 'request', 'result', 'params']);
  const spoil = (inside: Record<string, unknown>): void => {
    for (const [name, value] of Object.entries(inside)) {
      if (free.has(name)) continue;
      for (const other of others) {
        if (typeof other === typeof value && typeof other !== 'object') continue;
        inside[name] = other;
        t.throws(
          () => tracesOf(whole, 'run.json'),
          { code: 'FAILED_PRECONDITION' },
          `${name} ${JSON.stringify(other)}`,
        );
      }
      inside[name] = value;
    }
  };
  spoil(whole as unknown as Record<string, unknown>);
  const [first] = whole.nodes;
  spoil(first as unknown as Record<string, unknown>);
  spoil(whole.nodes.find(({ attempts }) => attempts.length > 0)?.attempts[0] as unknown as Record<string, unknown>);
  spoil(whole.exposures[0] as unknown as Record<string, unknown>);
  t.deepEqual(tracesOf(whole, 'run.json'), [whole]);
});

test('a run, a list of runs and an answer of a process are read; fields that nobody knows are let pass', (t) => {
  const more = { ...run, colour: 'red' };
  const names = (value: unknown) =>
    tracesOf(value, 'run.json').map(({ nodes }) => nodes.map(({ name }: NodeTrace) => name));
  t.deepEqual([names(more), names([run, more]), names({ traces: [run] })], [[['a']], [['a'], ['a']], [['a']]]);
  t.deepEqual(names({ traces: [] }), []);
});

test('files that can not be read say why', (t) => {
  const folder = temporaryFolder(t);
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  mkdirSync(join(folder, 'runs'));
  const says = (name: string, message: RegExp) =>
    t.throws(() => tracesIn(name), { code: 'FAILED_PRECONDITION', message });
  says(join(folder, 'runs'), /runs is a folder; name a file in it$/);
  says(join(folder, 'none.json'), /none\.json can't be read: ENOENT/);
  says(file('run.yaml', 'strategy: feed'), /run\.yaml is not JSON: /);
  says(file('empty.json', ''), /empty\.json is not JSON: /);
  says(file('list.json', '[]'), /list\.json has no run: its list is empty$/);
  says('/dev/zero', /\/dev\/zero has more than 67108864 bytes, the most that is read; cut it into parts$/);
  const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  says(file('deep.json', nested), /deep\.json has more than 500 lists and maps in each other$/);
  const deepest = `${'['.repeat(jsonDepthMax)}${']'.repeat(jsonDepthMax)}`;
  t.notThrows(() => JSON.stringify(jsonArgument(deepest, '--request')));
});

test('a wrong trace ends timeline and replay with one sentence and exit code 1', async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, 'wrong.json'), JSON.stringify(withNode({ attempts: null })));
  for (const command of ['timeline', 'replay']) {
    const { code, stdout, stderr } = await heddle(['dag', command, 'wrong.json'], { cwd });
    t.deepEqual([code, stdout], [1, '']);
    t.regex(stderr, /^heddle: wrong\.json is no trace .*: nodes\[0\]\.attempts is null, not a list\n$/);
  }
});

test('the ending of --out says whether a timeline is a picture or a page', async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, 'run.json'), JSON.stringify([run, run]));
  const timeline = (out: string) => heddle(['dag', 'timeline', 'run.json', '--out', out], { cwd });
  t.is((await timeline('o.svg')).stdout, 'o-1.svg is written\no-2.svg is written\n');
  t.regex(readFileSync(join(cwd, 'o-2.svg'), 'utf8'), /^<svg /);
  t.is((await timeline('o.html')).code, 0);
  t.regex(readFileSync(join(cwd, 'o-1.html'), 'utf8'), /^<!DOCTYPE html>/);
  for (const [command, out] of [
    ['timeline', 'o.png'],
    ['replay', 'o'],
  ] as const) {
    const { code, stderr } = await heddle(['dag', command, 'run.json', '--out', out], { cwd });
    t.is(code, 2);
    t.is(stderr, `heddle: --out ${out}: a timeline is written as .html or .svg; end its name so\n`);
  }
});
