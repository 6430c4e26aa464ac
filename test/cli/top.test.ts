import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { AdminClient } from '../../cli/top/admin-client.ts';
import { Live } from '../../cli/top/live.ts';
import { emptyPicture, observe } from '../../cli/top/picture.ts';
import { poll } from '../../cli/top/poll.ts';
import { Screen } from '../../cli/top/screen.ts';
import { asciiSymbols } from '../../cli/top/symbols.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { heddle } from './heddle.ts';
import { answers, type FakeAdmin, fakeAdmin } from './top-admin.ts';

class FakeTerminal {
  readonly input = Object.assign(new PassThrough(), {
    isTTY: true,
    raw: [] as boolean[],
    setRawMode: (on: boolean) => this.input.raw.push(on),
  });
  readonly output = Object.assign(new PassThrough(), { columns: 100, rows: 30 });
  readonly writes: string[] = [];
  #waiting: (() => void)[] = [];

  constructor() {
    this.output.setEncoding('utf8').on('data', (text: string) => {
      this.writes.push(text);
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }

  get frames(): string[] {
    return this.writes.filter((text) => text.includes('\x1b[H'));
  }

  /** The first frame from now on that matches, as text. */
  async until(pattern: RegExp): Promise<string> {
    for (let seen = this.writes.length; ; seen++) {
      while (seen >= this.writes.length) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      const text = stripVTControlCharacters(this.writes[seen]!);
      if (pattern.test(text)) return text;
    }
  }
}

interface Watched {
  terminal: FakeTerminal;
  live: Live;
  suspended: () => number;
}

async function watch(
  t: ExecutionContext,
  admin: FakeAdmin,
  { intervalMs = 50, timeoutMs = 2000, clock = systemClock } = {},
): Promise<Watched> {
  const client = new AdminClient({ address: admin.address }, systemClock, timeoutMs);
  const picture = observe(emptyPicture(admin.address, intervalMs), await poll(client, systemClock));
  const terminal = new FakeTerminal();
  let suspended = 0;
  const screen = new Screen(terminal.input, terminal.output, false);
  const suspend = () => void suspended++;
  const live = new Live({ client, picture, screen, clock, symbols: asciiSymbols, suspend });
  t.teardown(() => live.end());
  return { terminal, live, suspended: () => suspended };
}

test('--once prints one picture as text, with rates and without escape sequences', async (t) => {
  const admin = await fakeAdmin(t, answers());
  const { code, stdout, stderr } = await heddle(['top', admin.address, '--once', '--interval', '100ms']);
  t.is(stderr, '');
  t.is(code, 0);
  t.regex(stdout, /^heddle 1\.2\.3 {2}serving {2}pid 4711 .*\n0 requests\/s .*\nPOOL /);
  t.regex(stdout, /\nmovies\.Search\/search +ranking +0 /);
  t.notRegex(stdout, /[^\P{Cc}\n]/u);
});

test('output that is no terminal gets the same as with --once', async (t) => {
  const admin = await fakeAdmin(t, answers());
  const { code, stdout } = await heddle(['top', new URL(admin.address).port, '-i', '100ms'], {
    env: { COLUMNS: '60' },
  });
  t.is(code, 0);
  t.regex(stdout, /\nTHREAD /);
  t.true(stdout.split('\n').every((line) => line.length <= 60));
});

test('nobody at the address: says so and what to try; exit code 1', async (t) => {
  const admin = await fakeAdmin(t, {});
  await new Promise((resolve) => admin.server.close(resolve));
  const { code, stdout, stderr } = await heddle(['top', admin.address]);
  t.deepEqual([code, stdout], [1, '']);
  t.regex(
    stderr,
    /^heddle: no Heddle process answers at http:\/\/127\.0\.0\.1:\d+: connection refused\.\n.*heddle start/,
  );
});

test('another server at the address is not taken for a Heddle process', async (t) => {
  const admin = await fakeAdmin(t, { version: { hello: 'world' } as never });
  const { code, stderr } = await heddle(['top', admin.address]);
  t.is(code, 1);
  t.regex(stderr, /is not the admin of a Heddle process/);
});

test('an interval that is too short is wrong usage', async (t) => {
  const { code, stderr } = await heddle(['top', '--interval', '1ms']);
  t.is(code, 2);
  t.regex(stderr, /from 100ms to 1m/);
});

test('a frame is one write, and q gives the terminal back as it was', async (t) => {
  const admin = await fakeAdmin(t, answers());
  const { terminal, live } = await watch(t, admin);
  t.true(terminal.frames[0]!.includes('serving'));
  t.true(terminal.writes[0]!.includes('\x1b[?1049h'));
  terminal.input.write('q');
  await live.ended;
  t.true(terminal.writes.at(-1)!.endsWith('\x1b[?25h\x1b[?1049l'));
  t.deepEqual(terminal.input.raw, [true, false]);
  for (const text of terminal.frames) t.true(text.startsWith('\x1b[?2026h\x1b[H') && text.endsWith('\x1b[?2026l'));
});

test('Ctrl-Z gives the terminal back until it is resumed', async (t) => {
  const { terminal, live, suspended } = await watch(t, await fakeAdmin(t, answers()));
  const given = terminal.until(/^$/);
  terminal.input.write('\x1a');
  await given;
  t.is(suspended(), 1);
  t.true(terminal.writes.at(-1)!.endsWith('\x1b[?1049l'));
  const shown = terminal.until(/serving/);
  live.resume();
  await shown;
  t.deepEqual(terminal.input.raw, [true, false, true]);
});

test('a resized terminal is drawn anew, in its new size', async (t) => {
  const { terminal } = await watch(t, await fakeAdmin(t, answers()));
  const shown = terminal.until(/serving/);
  Object.assign(terminal.output, { columns: 40, rows: 6 }).emit('resize');
  const lines = (await shown).split('\r\n');
  t.is(lines.length, 6);
  t.true(lines.every((line) => line.length <= 40));
});

test('a process that goes away is said to be, and the one that comes back has a new pid', async (t) => {
  const admin = await fakeAdmin(t, answers());
  const { terminal } = await watch(t, admin);
  const { version, ...rest } = answers();
  admin.says = {};
  await terminal.until(/NO ANSWER from http.* \(main does not answer\)/);
  admin.says = { ...rest, version: { ...version, pid: 4712, uptimeMs: 500 } };
  t.regex(await terminal.until(/pid 4712/), /RESTARTED 0s ago: pid 4711, now 4712/);
});

test('an admin that is silent has one look under way at a time, and each of them ends', async (t) => {
  const admin = await fakeAdmin(t, answers());
  const { terminal } = await watch(t, admin, { intervalMs: 10, timeoutMs: 150 });
  admin.silent = true;
  await terminal.until(/NO ANSWER .* \(no answer within 150 ms\)/);
  // It hears that a look was given up when the next one may be there already.
  t.true(admin.mostAtOnce <= 2, `${admin.mostAtOnce}`);
  admin.silent = false;
  t.regex(await terminal.until(/ serving /), /pid 4711/);
});

test('f asks for the fibers', async (t) => {
  const admin = await fakeAdmin(t, answers());
  const { fibers } = admin.says;
  delete admin.says.fibers;
  const { terminal } = await watch(t, admin);
  terminal.input.write('f');
  await terminal.until(/no fibers: main does not answer/);
  admin.says.fibers = fibers!;
  t.regex(await terminal.until(/ranking-1 \(1 of 1/), /0 at the root/);
});

test('space: the process is not asked until the next space', async (t) => {
  const admin = await fakeAdmin(t, answers());
  const due: (() => void)[] = [];
  const byHand: Clock = { ...systemClock, setTimer: (_, callback) => due.push(callback), clearTimer: () => {} };
  const { terminal } = await watch(t, admin, { clock: byHand });
  const asked = admin.asked;
  const paused = terminal.until(/PAUSED/);
  terminal.input.write(' ');
  await paused;
  for (const run of due.splice(0)) run();
  t.is(admin.asked, asked);
  const shown = terminal.until(/q quit/);
  terminal.input.write(' ');
  for (const run of due.splice(0)) run();
  t.notRegex(await shown, /PAUSED/);
});
