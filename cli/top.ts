// top: `heddle top`, a live view of a running process, read from its admin over HTTP. On a terminal until somebody quits;
// elsewhere one picture of it as text.

import { systemClock } from '../runtime/clock.ts';
import { HeddleError } from '../runtime/errors.ts';
import type { TopOptions } from './command-options.ts';
import { exitCodes } from './exit-codes.ts';
import { type AdminTarget, adminTarget } from './top/address.ts';
import { AdminClient } from './top/admin-client.ts';
import { frame } from './top/frame.ts';
import { lineText } from './top/line.ts';
import { Live } from './top/live.ts';
import { absence, emptyPicture, observe, type Picture } from './top/picture.ts';
import { poll } from './top/poll.ts';
import { ansiText, Screen } from './top/screen.ts';
import { symbolsFor } from './top/symbols.ts';
import { firstView } from './top/view.ts';

/** The longest that one answer may take, ms: the admin gives a thread 100 ms, and main somewhat more. */
const answerMaxMs = 2_000;
/** Columns of a picture that goes into a file, unless COLUMNS says otherwise. */
const textColumns = 120;

const clock = systemClock;

/** Resolves with the exit code when somebody has quit. Throws when there is nobody to look at. */
export async function top(written: string | undefined, { interval: intervalMs, once }: TopOptions): Promise<number> {
  const target = adminTarget(written, process.env);
  const client = new AdminClient(target, clock, answerMaxMs);
  const picture = observe(emptyPicture(client.address, intervalMs), await poll(client, clock));
  const failure = absence(picture);
  if (failure !== undefined) throw new HeddleError('UNAVAILABLE', nobodyThere(target, failure));
  if (once === true || process.stdout.isTTY !== true || process.env.TERM === 'dumb') {
    await showOnce(client, picture);
  } else {
    await showLive(client, picture);
  }
  return exitCodes.ok;
}

function nobodyThere({ address, assumed }: AdminTarget, { kind, what }: { kind: string; what: string }): string {
  if (kind !== 'unreachable') return `${address} is not the admin of a Heddle process: ${what}`;
  return [
    `no Heddle process answers at ${address}: ${what}${assumed === undefined ? '' : `; ${assumed}`}.`,
    'Is it running? `heddle start` logs the address of its admin (when 7199 is taken, another one): heddle top <address>.',
    'Or give its config file, which has admin.address: heddle top path/to/heddle.yaml',
  ].join('\n');
}

/** Two looks: what happens per second takes two. */
async function showOnce(client: AdminClient, first: Picture): Promise<void> {
  await new Promise<void>((resolve) => void clock.setTimer(first.intervalMs, resolve));
  const picture = observe(first, await poll(client, clock));
  const { stdout } = process;
  const columns = stdout.columns || Number(process.env.COLUMNS) || textColumns;
  const now = { nowMs: clock.nowMs(), wallMs: clock.wallMs() };
  const size = { columns, rows: Number.POSITIVE_INFINITY };
  const { lines } = frame(picture, firstView, size, now, symbolsFor(process.env), false);
  const isPlain = stdout.isTTY !== true || process.env.TERM === 'dumb';
  const texts = lines.map((line) => (isPlain ? lineText(line) : ansiText(line, isColoured())));
  stdout.write(`${texts.join('\n')}\n`);
}

async function showLive(client: AdminClient, picture: Picture): Promise<void> {
  const screen = new Screen(process.stdin, process.stdout, isColoured());
  const live = new Live({
    client,
    picture,
    screen,
    clock,
    symbols: symbolsFor(process.env),
    suspend: () => process.kill(process.pid, 'SIGTSTP'),
  });
  const end = (): void => live.end();
  const resume = (): void => live.resume();
  const restore = (): void => screen.giveBack();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, end);
  process.on('SIGCONT', resume);
  process.once('exit', restore);
  try {
    await live.ended;
  } finally {
    for (const signal of signals) process.off(signal, end);
    process.off('SIGCONT', resume);
    process.off('exit', restore);
  }
}

/** https://no-color.org: any value but an empty one. */
function isColoured(): boolean {
  return (process.env.NO_COLOR ?? '') === '';
}
