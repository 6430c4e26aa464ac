// Rotation on a real folder; only the clock is ours.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../runtime/clock.ts';
import type { HeddleError } from '../../../runtime/errors.ts';
import { checkLogFile, RotatingFile } from '../../../runtime/log/rotating-file.ts';

const dayMs = 86_400_000;

function setUp(t: ExecutionContext, settings: { rotateBytes?: number; rotateEveryMs?: number; keepFiles?: number }) {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-log-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'heddle.log');
  const time = { wallMs: Date.UTC(2026, 0, 1, 12) };
  const complaints: string[] = [];
  const open = () =>
    new RotatingFile({
      path,
      settings: { rotateBytes: 0, rotateEveryMs: 0, keepFiles: 3, ...settings },
      clock: { ...systemClock, wallMs: () => time.wallMs },
      complain: (sentence) => complaints.push(sentence),
    });
  const content = () =>
    Object.fromEntries(
      readdirSync(folder)
        .sort()
        .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
    );
  return { folder, path, time, complaints, open, content };
}

function writeAll(file: RotatingFile, text: string): void {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) bytes = bytes.subarray(file.writeSync(bytes));
}

test('no file exceeds rotateBytes, lines stay whole, and the highest number is the oldest', (t) => {
  const { open, content } = setUp(t, { rotateBytes: 10 });
  const file = open();
  writeAll(file, 'one\ntwo\nthree\nfour\n');
  writeAll(file, 'seven\n');
  file.close();
  t.deepEqual(content(), {
    'heddle.log': 'seven\n',
    'heddle.log.1': 'four\n',
    'heddle.log.2': 'three\n',
    'heddle.log.3': 'one\ntwo\n',
  });
});

test('keeps keepFiles old files, also when there were more', (t) => {
  const { open, content, path } = setUp(t, { rotateBytes: 4, keepFiles: 2 });
  for (const number of [1, 2, 3, 7]) writeFileSync(`${path}.${number}`, `old ${number}`);
  writeFileSync(`${path}.gz`, 'not ours');
  const file = open();
  writeAll(file, 'one\ntwo\n');
  file.close();
  t.deepEqual(content(), {
    'heddle.log': 'two\n',
    'heddle.log.1': 'one\n',
    'heddle.log.2': 'old 1',
    'heddle.log.gz': 'not ours',
  });
});

test('keepFiles 0 begins anew and keeps nothing', (t) => {
  const { open, content } = setUp(t, { rotateBytes: 4, keepFiles: 0 });
  const file = open();
  writeAll(file, 'one\ntwo\n');
  file.close();
  t.deepEqual(content(), { 'heddle.log': 'two\n' });
});

test('a line longer than rotateBytes gets a file of its own', (t) => {
  const { open, content } = setUp(t, { rotateBytes: 4 });
  const file = open();
  writeAll(file, 'a\na long line\nb\n');
  file.close();
  t.deepEqual(content(), { 'heddle.log': 'b\n', 'heddle.log.1': 'a long line\n', 'heddle.log.2': 'a\n' });
});

test('begins the next file at the first line of a new period, also across a restart', (t) => {
  const { open, content, path, time } = setUp(t, { rotateEveryMs: dayMs });
  const before = open();
  writeAll(before, 'noon\n');
  time.wallMs += dayMs / 2 - 1;
  writeAll(before, 'before midnight\n');
  time.wallMs += 1;
  writeAll(before, 'midnight\n');
  before.close();
  utimesSync(path, time.wallMs / 1000, time.wallMs / 1000);
  time.wallMs += dayMs;
  const after = open();
  writeAll(after, 'next day\n');
  after.close();
  t.deepEqual(content(), {
    'heddle.log': 'next day\n',
    'heddle.log.1': 'midnight\n',
    'heddle.log.2': 'noon\nbefore midnight\n',
  });
});

test('a rotation that fails lets the file grow, says why once, and works when it can', (t) => {
  const { open, content, path, complaints, time } = setUp(t, { rotateBytes: 4, keepFiles: 1 });
  const file = open();
  // A folder that is not empty can't be replaced by a file, for root neither.
  const obstacle = `${path}.1`;
  mkdirSync(join(obstacle, 'x'), { recursive: true });
  writeAll(file, 'one\ntwo\n');
  writeAll(file, 'six\n');
  t.is(complaints.length, 1);
  t.regex(complaints[0] ?? '', /can't rotate the log file .*heddle\.log, so it grows on: /);
  t.is(readFileSync(path, 'utf8'), 'one\ntwo\nsix\n');
  rmSync(obstacle, { recursive: true });
  time.wallMs += 60_000;
  writeAll(file, 'ten\n');
  file.close();
  t.deepEqual(content(), { 'heddle.log': 'ten\n', 'heddle.log.1': 'one\ntwo\nsix\n' });
});

test('a log file that can not be one is refused at the start, with its path and the reason', (t) => {
  const { folder } = setUp(t, {});
  for (const [path, reason] of [
    ['/dev/null', /not a regular file/],
    [folder, /not a regular file/],
    [join(folder, 'f', 'x.log'), /ENOTDIR|EEXIST/],
  ] as const) {
    if (reason.source.includes('ENOTDIR')) writeFileSync(join(folder, 'f'), '');
    const error = t.throws<HeddleError>(() => checkLogFile(path));
    t.is(error?.code, 'FAILED_PRECONDITION');
    t.regex(error?.message ?? '', reason);
    t.true(error?.message.includes(path));
  }
});

test('makes the folder of the log file', (t) => {
  const { folder } = setUp(t, {});
  checkLogFile(join(folder, 'a', 'b', 'heddle.log'));
  t.true(existsSync(join(folder, 'a', 'b', 'heddle.log')));
});
