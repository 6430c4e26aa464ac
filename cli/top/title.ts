// The first lines of `heddle top`: which process this is, how much it does, and what the operator must know at once.

import type { VersionAnswer } from '../../admin/shapes.ts';
import { type Line, piece, sentence, spread, type Tone } from './line.ts';
import { ageText, countText, rateText } from './numbers.ts';
import { absence, historyMs, type Picture, staleMs } from './picture.ts';
import type { Path } from './poll.ts';
import { type Symbols, sparkline } from './symbols.ts';

const stateTones: Record<VersionAnswer['state'], Tone> = { starting: 'warning', serving: 'good', draining: 'warning' };
/** A restart is told for so long, ms. */
const restartNewsMs = 300_000;

export interface Now {
  /** The clock's, ms. */
  nowMs: number;
  /** The time of day, ms since 1970. */
  wallMs: number;
}

export function titleLine(picture: Picture, paused: boolean, { nowMs, wallMs }: Now, cells: number): Line {
  const version = picture.parts.version;
  const right = [piece(paused ? 'PAUSED' : new Date(wallMs).toTimeString().slice(0, 8), paused ? 'warning' : 'quiet')];
  const address = picture.address.replace(/^http:\/\//, '');
  if (version === undefined) return spread(sentence([piece('heddle', 'strong'), piece(address)]), right, cells);
  const { heddle, node, pid, uptimeMs, state, cpus } = version.answer;
  const isAway = absence(picture) !== undefined;
  const pieces = [
    piece(`heddle ${heddle}`, 'strong'),
    isAway ? piece('NOT ANSWERING', 'alarm') : piece(state, stateTones[state] ?? 'warning'),
    piece(`pid ${pid}`),
    // While it answers its clock runs on between two answers.
    piece(`up ${ageText(uptimeMs + (isAway || paused ? 0 : nowMs - version.atMs))}`),
    piece(address),
  ];
  const wide = sentence([...pieces, piece(`Node ${node.replace(/^v/, '')}, ${countText(cpus)} cpus`, 'quiet')]);
  const line = spread(wide, right, cells);
  return line === wide ? spread(sentence(pieces), right, cells) : line;
}

/** `1,234 requests/s  3 errors/s …` and the last minute as a sparkline. */
export function rateLine({ rates, parts, history }: Picture, nowMs: number, cells: number, symbols: Symbols): Line {
  const { requests, errors = 0, inside = 0, mostly } = rates?.total ?? {};
  const threads = parts.threads?.answer.threads ?? [];
  const sum = (key: 'fibers' | 'connections') => threads.reduce((total, thread) => total + thread[key], 0);
  const failing = mostly === undefined ? '' : ` (mostly ${mostly})`;
  const left = (isLong: boolean): Line =>
    sentence([
      piece(`${rateText(requests)} requests/s`, 'strong'),
      piece(
        `${rateText(rates === undefined ? undefined : errors)} errors/s${isLong ? failing : ''}`,
        errors > 0 ? 'alarm' : 'quiet',
      ),
      ...(isLong && inside > 0 ? [piece(`${rateText(inside)} inside/s`)] : []),
      piece(`${countText(sum('fibers'))} fibers`),
      piece(`${countText(sum('connections'))} conns`),
    ]);
  // One interval makes no line.
  if (history.length < 2) return left(true);
  for (const [isLong, sparkCells] of rateLayouts) {
    const spark = [piece(sparkline(lastMinute(history, nowMs, sparkCells), symbols), 'bar'), piece(' 1m', 'quiet')];
    const told = left(isLong);
    const line = spread(told, spark, cells);
    if (line !== told) return line;
  }
  return left(false);
}

/** All details or not, and cells of the sparkline: the first that fits. */
const rateLayouts = [
  [true, 60],
  [true, 30],
  [false, 30],
  [false, 20],
  [false, 12],
] as const;

/** The last minute in `cells` equal spans: requests per second in each, by how much of it is known. */
export function lastMinute(history: Picture['history'], nowMs: number, cells: number): (number | undefined)[] {
  const spanMs = historyMs / cells;
  // Spans stand still on the clock, so that the picture moves cell by cell.
  const endMs = Math.ceil(nowMs / spanMs) * spanMs;
  return Array.from({ length: cells }, (_, cell) => {
    const fromMs = endMs - (cells - cell) * spanMs;
    let knownMs = 0;
    let sum = 0;
    for (const point of history) {
      const overlapMs = Math.min(point.toMs, fromMs + spanMs) - Math.max(point.fromMs, fromMs);
      if (overlapMs <= 0) continue;
      knownMs += overlapMs;
      sum += point.requests * overlapMs;
    }
    return knownMs === 0 ? undefined : sum / knownMs;
  });
}

/** What must not be overlooked, the worst first; none when all is well. */
export function alertLines(picture: Picture, paused: boolean, { nowMs, wallMs }: Now): Line[] {
  const { parts, failures, address, intervalMs } = picture;
  const lines: Line[] = [];
  const away = absence(picture);
  const lastMs = parts.version?.atMs;
  if (away !== undefined) {
    const since = lastMs === undefined ? '' : ` for ${ageText(nowMs - lastMs)}`;
    const again = `trying again every ${ageText(Math.max(1000, intervalMs))}`;
    lines.push([piece(`NO ANSWER from ${address}${since} (${away.what}); ${again}`, 'alarm')]);
  }
  const main = Object.values(failures).find((failure) => failure.main !== undefined)?.main;
  const isSilent = parts.threads?.answer.threads.some(({ name, state }) => name === 'main' && state === 'silent');
  if (main === undefined && isSilent === true && away === undefined) {
    lines.push([piece('MAIN THREAD HANGS; `heddle admin profile main` tells what it does', 'alarm')]);
  }
  if (main !== undefined) {
    const at = main.hottest;
    const doing = at === undefined ? '' : `: ${percent(at.share)} of its time in ${at.function} at ${at.at}`;
    lines.push([piece(`MAIN THREAD HANGS${doing}`, 'alarm')]);
  }
  if (away === undefined && !paused) lines.push(...staleLines(picture, nowMs));
  const restart = restartLine(picture, { nowMs, wallMs });
  if (restart !== undefined) lines.push(restart);
  return lines;
}

function staleLines(picture: Picture, nowMs: number): Line[] {
  const lines: Line[] = [];
  for (const path of Object.keys(picture.failures) as Path[]) {
    const what = picture.failures[path]!.what;
    if (picture.parts[path] === undefined) lines.push([piece(`no ${path}: ${what}`, 'warning')]);
    const ageMs = staleMs(picture, path, nowMs);
    if (ageMs !== undefined) lines.push([piece(`the ${path} shown are ${ageText(ageMs)} old: ${what}`, 'warning')]);
  }
  if (lines.length === 0) {
    // Nothing failed, and nothing came: this look is still under way.
    const ageMs = staleMs(picture, 'version', nowMs);
    if (ageMs !== undefined)
      lines.push([piece(`what is shown is ${ageText(ageMs)} old: the admin is slow`, 'warning')]);
  }
  return lines;
}

function restartLine({ replaced, parts }: Picture, { nowMs }: Now): Line | undefined {
  const version = parts.version;
  if (version === undefined) return undefined;
  const { pid, uptimeMs, previous } = version.answer;
  const ageMs = uptimeMs + nowMs - version.atMs;
  if (ageMs > restartNewsMs || (replaced === undefined && previous === undefined)) return undefined;
  const from = replaced === undefined ? '' : `: pid ${replaced.pid}, now ${pid}`;
  return [piece(`RESTARTED ${ageText(ageMs)} ago${from}${endText(previous)}`, 'warning')];
}

/** How the process before this one ended, as the guardian tells it. */
function endText(previous: unknown): string {
  if (typeof previous !== 'object' || previous === null) return '';
  const { pid, signal, exitCode, deaths } = previous as Record<string, unknown>;
  if (typeof pid !== 'number') return '';
  const code = typeof exitCode === 'number' ? ` with exit code ${exitCode}` : '';
  const how = typeof signal === 'string' ? `ended by ${signal}` : `ended${code}`;
  const often = typeof deaths === 'number' && deaths > 1 ? `; ${deaths} deaths so far` : '';
  return `; pid ${pid} ${how}${often}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}
