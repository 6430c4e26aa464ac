// Profiles of a server: what is folded, what is drawn, and that a server can be looked into while it answers.

import test from 'ava';
import { flamePicture } from '../../bench/picture/flame.ts';
import { readProfileWords } from '../../bench/profile/command.ts';
import { type CpuProfile, foldProfiles, hottestFunctions, shareOf } from '../../bench/profile/fold.ts';
import { profileServer } from '../../bench/profile/profile.ts';
import { profileText } from '../../bench/profile/profile-report.ts';
import { profileSubjects } from '../../bench/profile/subjects.ts';

const root = new URL('../../', import.meta.url).href;

function node(id: number, functionName: string, url: string, hitCount: number, children: number[] = []) {
  return { id, callFrame: { functionName, url, lineNumber: 9, scriptId: url === '' ? '0' : '7' }, hitCount, children };
}

/** 100 samples of 1 ms, of which 40 idle, 15 of those for V8 only. */
const cpu: CpuProfile = {
  nodes: [
    node(1, '(root)', '', 0, [2, 3, 4, 5]),
    node(2, '(idle)', '', 40),
    node(3, '(garbage collector)', '', 6),
    node(4, 'turn', `${root}runtime/turn.ts`, 10, [6, 7]),
    node(5, 'turn', `${root}runtime/turn.ts`, 4),
    node(6, 'send', 'node:net', 0, [8]),
    node(7, 'turn', `${root}runtime/turn.ts`, 10),
    node(8, 'writeBuffer', '', 30),
  ],
  timeDeltas: [9000, 1000, 1000, 1000, 200],
};
const thread = { name: 'io-1', cpu, cpuUs: 75_000 };

test('a fold leaves idle time out, joins what is called alike, and says whose code it is', (t) => {
  const all = foldProfiles([thread]);
  t.is(all.total, 75_000);
  const io = all.children.get('io-1')!;
  const turn = io.children.get('turn runtime/turn.ts:10')!;
  t.like(turn, { kind: 'heddle', self: 14_000, total: 54_000 });
  t.deepEqual(
    [...turn.children.values()].map(({ name, kind, total }) => [name, kind, total]),
    [
      ['send', 'node', 30_000],
      ['turn', 'heddle', 10_000],
    ],
  );
  t.is(shareOf(all, 'gc'), 0.08);
  // What the thread has used, and no sample has seen.
  t.is([...io.children.values()].at(-1)!.self, 15_000);
});

test('the hottest functions are counted over all their callers', (t) => {
  t.deepEqual(
    hottestFunctions(foldProfiles([thread]), 2).map(({ name, self }) => [name, self]),
    [
      ['writeBuffer', 30_000],
      ['turn', 24_000],
    ],
  );
});

test('in a flame picture widths are shares, what is called stands on its caller, and titles say function and line', (t) => {
  const svg = flamePicture('a & b', foldProfiles([thread]));
  t.regex(svg, /^<svg [^>]*viewBox="0 0 1200 147"/);
  t.true(svg.includes('a &amp; b'));
  const boxes = [...svg.matchAll(/<title>([^<]*)<\/title><rect x="([\d.]+)" y="(\d+)" width="([\d.]+)"/g)].map(
    ([, title, ...numbers]) => [title!, ...numbers.map(Number)],
  );
  t.deepEqual(boxes.slice(0, 5), [
    ['all threads\n100.0 %, itself 0.0 %', 10, 120, 1179.5],
    ['io-1\n100.0 %, itself 0.0 %', 10, 103, 1179.5],
    ['turn runtime/turn.ts:10\n72.0 %, itself 18.7 %', 10, 86, 849.1],
    ['send node:net:10\n40.0 %, itself 0.0 %', 10, 69, 471.5],
    ['writeBuffer\n40.0 %, itself 40.0 %', 10, 52, 471.5],
  ]);
  t.is(boxes.length, 8);
  t.notRegex(svg, /<script|href|NaN|undefined/);
});

test('a server is looked into while it answers: processor time and bytes of its threads, and functions with their lines', async (t) => {
  const { report, frames } = await profileServer(profileSubjects[0]!, { seconds: 2, onStep: () => {} });
  const names = report.threads.map(({ name }) => name);
  t.true(names.includes('io-1') && names.some((name) => name.startsWith('CPU thread')), `${names}`);
  for (const { name, cpuUs, bytes } of report.threads) {
    t.true(cpuUs > 0 && cpuUs <= report.cpuUs, name);
    if (name !== 'main') t.true(bytes === undefined || bytes > 0, name);
  }
  t.true(report.answers > 0 && report.gcShare >= 0 && report.gcShare < 1);
  t.true(report.hottest.length > 0 && report.hottest.length <= 15);
  t.true(
    hottestFunctions(frames, 1000).some(({ at, kind }) => kind === 'heddle' && /^[a-z]+\/[\w/-]+\.ts:\d+$/.test(at)),
  );
  t.notRegex(JSON.stringify(report), /file:|NaN|null/);
  t.regex(profileText(report), /^(met {3}|missed) {2}garbage collection takes .* goal: below 3\.0 %$/m);
});

test('what can’t be profiled is said, with what can', (t) => {
  const known = 'unary|unary-32|unary-1|unary-io|http|http-io|fanout|fanout-io|large';
  t.is(
    readProfileWords(['unry']),
    `npm run bench -- profile <${known}> [--seconds n] [--svg file]: 'unry' can't be profiled (did you mean 'unary'?)`,
  );
  t.is(readProfileWords(['unary', '--seconds', '0']), '--seconds 0: give a number above 0, at most 3600');
  t.like(readProfileWords(['unary', '--svg', 'a.svg']), {
    subject: { scenario: 'unary' },
    seconds: undefined,
    svgPath: 'a.svg',
  });
});
