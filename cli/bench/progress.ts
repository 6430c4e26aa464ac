// showProgress: what a run does while it runs, on standard error: on a terminal one line that is redrawn, elsewhere a line
// now and then.

import type { LoadProgress, LoadRun } from '../../load/load-run.ts';
import type { Clock } from '../../runtime/clock.ts';
import { fitLine, type Line, lineText, piece } from '../top/line.ts';
import { countText, durationText, rateText } from '../top/numbers.ts';
import { ansiText } from '../top/screen.ts';
import { bar, type Symbols } from '../top/symbols.ts';

/** Of process.stderr. */
export interface ProgressOutput {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

export interface ProgressLooks {
  symbols: Symbols;
  isColoured: boolean;
}

/** How often the line is redrawn, ms. */
const redrawMs = 250;
/** How often a line is written where nobody watches, ms. */
const tellEveryMs = 3_000;
const barCells = 16;
/** Some terminals say 0 columns. */
const columnsDefault = 80;

const clearLine = '\r\x1b[K';

/** Begins to show; the returned function ends it and leaves a clean line. Idempotent. */
export function showProgress(run: LoadRun, output: ProgressOutput, looks: ProgressLooks, clock: Clock): () => void {
  const isTerminal = output.isTTY === true && process.env.TERM !== 'dumb';
  const everyMs = isTerminal ? redrawMs : tellEveryMs;
  let timer: unknown;
  const show = (): void => {
    const whole = progressLine(run.progress(), looks.symbols);
    const isWide = output.isTTY !== true;
    const line = isWide ? whole : fitLine(whole, (output.columns || columnsDefault) - 1, looks.symbols.cut);
    output.write(isTerminal ? `${clearLine}${ansiText(line, looks.isColoured)}` : `${lineText(line)}\n`);
  };
  const again = (): void => {
    timer = clock.setTimer(everyMs, () => {
      show();
      again();
    });
  };
  if (isTerminal) show();
  again();
  return () => {
    if (timer === undefined) return;
    clock.clearTimer(timer);
    timer = undefined;
    if (isTerminal) output.write(clearLine);
  };
}

/** `████████···· 42% 95,059/s  p50 0.24 ms  p99 2.2 ms  0 errors`. */
export function progressLine(progress: LoadProgress, symbols: Symbols): Line {
  const { phase, share, failures, perSecond, p50Ms, p99Ms, inFlight } = progress;
  if (phase === 'connecting') return [piece('connecting', 'quiet')];
  if (phase === 'ending') return [piece(`waiting for the last ${countText(inFlight)} answers`, 'quiet')];
  const head: Line = [piece(bar(share, barCells, symbols), 'bar'), piece(` ${Math.floor(share * 100)}%`.padStart(5))];
  const latency = (name: string, ms: number | undefined) => piece(`  ${name} ${durationText(ms)}`);
  const errors = failures === 0 ? piece('  no errors', 'quiet') : piece(`  ${countText(failures)} errors`, 'alarm');
  const phaseText = phase === 'warming' ? piece('  warm-up', 'quiet') : piece('');
  return [
    ...head,
    piece(`  ${rateText(perSecond)}/s`, 'strong'),
    latency('p50', p50Ms),
    latency('p99', p99Ms),
    errors,
    phaseText,
  ];
}
