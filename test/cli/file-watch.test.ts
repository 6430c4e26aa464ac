// FileWatch on a virtual clock, over real files: what is told as changed, and when.

import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { FileWatch } from '../../cli/file-watch.ts';
import { stampOf } from '../../runtime/file-stamp.ts';
import { settle, VirtualClock } from '../helpers/virtual-clock.ts';
import { temporaryFolder } from './heddle.ts';

/** Longer than until the next look, and a moment of quiet after it. */
const lookMs = 1_200;

function rig(t: ExecutionContext, names: string[]) {
  const folder = temporaryFolder(t);
  const path = (name: string) => join(folder, name);
  const files = new Map<string, string | undefined>();
  let version = 0;
  /** Each time of another length: file systems may be slow to see another time. */
  const write = (name: string) => writeFileSync(path(name), 'x'.repeat(++version));
  for (const name of names) {
    write(name);
    files.set(path(name), undefined);
  }
  const told: string[][] = [];
  const clock = new VirtualClock();
  let onChange = async (): Promise<void> => {};
  const watch = new FileWatch({
    files: () => files,
    onChange: (paths) => {
      told.push(paths.map((one) => one.slice(folder.length + 1)));
      return onChange();
    },
    clock,
  });
  t.teardown(() => watch.close());
  const slowly = (work: () => Promise<void>) => {
    onChange = work;
  };
  return { path, files, write, told, clock, watch, slowly };
}

test('a file written in place, renamed over, removed or put back has changed; one beside it has not', async (t) => {
  const { path, write, told, clock } = rig(t, ['a', 'b']);
  await clock.advance(lookMs);
  t.deepEqual(told, []);
  write('a');
  await clock.advance(lookMs);
  write('b.tmp');
  renameSync(path('b.tmp'), path('b'));
  write('.a.swp');
  await clock.advance(lookMs);
  rmSync(path('a'));
  await clock.advance(lookMs);
  write('a');
  await clock.advance(lookMs);
  t.deepEqual(told, [['a'], ['b'], ['a'], ['a']]);
});

test('what changes in one go is told at once, when it has been left alone', async (t) => {
  const { write, told, clock } = rig(t, ['a', 'b', 'c']);
  for (const name of ['a', 'b', 'a', 'c']) {
    write(name);
    await clock.advance(1_000);
  }
  // It was looked at before the last one, and changed each time until then.
  await clock.advance(lookMs);
  t.deepEqual(new Set(told.flat()), new Set(['a', 'b', 'c']));
  const before = told.length;
  for (let at = 0; at < 10; at++) {
    write('a');
    await clock.advance(90);
  }
  await clock.advance(lookMs);
  t.is(told.length, before + 1);
});

test('a file that never rests is told all the same', async (t) => {
  const { write, told, clock } = rig(t, ['a']);
  for (let at = 0; at < 50; at++) {
    write('a');
    await clock.advance(100);
  }
  t.true(told.length > 0);
});

test('what changes while somebody is told is told after', async (t) => {
  const { write, told, clock, slowly } = rig(t, ['a', 'b']);
  const work = Promise.withResolvers<void>();
  slowly(() => work.promise);
  write('a');
  await clock.advance(lookMs);
  write('b');
  await clock.advance(10 * lookMs);
  t.deepEqual(told, [['a']]);
  work.resolve();
  await settle();
  await clock.advance(lookMs);
  t.deepEqual(told, [['a'], ['b']]);
});

test('a file that somebody had read before has changed since; one that comes or goes is told if nobody had', async (t) => {
  const { path, files, write, told, clock } = rig(t, []);
  write('read');
  const stamp = stampOf(path('read'));
  write('read');
  write('same');
  files.set(path('read'), stamp).set(path('same'), stampOf(path('same')));
  await clock.advance(lookMs);
  t.deepEqual(told, [['read']]);
  files.delete(path('same'));
  write('new');
  files.set(path('new'), undefined);
  await clock.advance(lookMs);
  files.delete(path('new'));
  await clock.advance(lookMs);
  t.deepEqual(told, [['read'], ['new'], ['new']]);
});

test('a folder that is not there yet is looked at too; a closed watch tells nothing', async (t) => {
  const { path, files, told, clock, watch } = rig(t, []);
  files.set(path('later/a'), 'absent');
  await clock.advance(lookMs);
  mkdirSync(path('later'));
  writeFileSync(path('later/a'), '1');
  await clock.advance(lookMs);
  t.deepEqual(told, [['later/a']]);
  watch.close();
  writeFileSync(path('later/a'), '22');
  await clock.advance(lookMs);
  t.deepEqual([told.length, clock.pending], [1, 0]);
});
