// benchLines: what `heddle bench` prints at its end: the figures, the picture, how it went over time, failures, and what
// one should know before one believes it. Pure.

import { generatorShare, type LoadResult, saturatedShare } from '../../load/result.ts';
import { type Line, type Piece, piece } from '../top/line.ts';
import { countText, durationText, rateText } from '../top/numbers.ts';
import type { Symbols } from '../top/symbols.ts';
import { latencyPicture, marks } from './latency-picture.ts';
import { overTimeLines } from './over-time.ts';

export interface BenchTold {
  /** `demo.Echo/echo at heddle://127.0.0.1:7000`. */
  title: string;
  /** `32 in flight over 8 connections for 10s`. */
  plan: string;
  /** Open loop. */
  maxInFlight?: number | undefined;
  isPrecise: boolean;
}

/** Pictures do not get wider than this: one would have to turn the head. */
const cellsMax = 120;

/** A share of requests that were never sent from which on the rate was too much. */
const unsentTold = 0.01;

/** A median delay of sends that is worth a word, ms. */
const sendDelayTold = 0.1;

/** What timers alone may delay sends by, p99, ms; with --precise there are none. */
const timerDelayMax = 2;

/** From this share of the p99 on, the delay of sends is what was measured. */
const delayShareTold = 0.5;

export function benchLines(result: LoadResult, told: BenchTold, columns: number, symbols: Symbols): Line[] {
  const cells = Math.min(columns, cellsMax);
  const parts: Line[][] = [
    [[piece(told.title, 'strong')], [piece(told.plan, 'quiet')]],
    figureLines(result),
    latencyPicture(result.latencies, cells, symbols),
    overTimeLines(result, cells, symbols),
    failureLines(result),
    noteTexts(result, told).map((text) => [piece(text, 'warning')]),
  ];
  return parts.filter((lines) => lines.length > 0).flatMap((lines, index) => (index === 0 ? lines : [[], ...lines]));
}

function figureLines(result: LoadResult): Line[] {
  const { perSecond, latencies } = result;
  const rate: Line = [piece(`${rateText(perSecond)} requests/s`, 'strong'), piece('   '), errorsPiece(result)];
  if (latencies.count === 0) return [rate];
  const figures = marks.map(({ name, quantile }) => `${name} ${durationText(latencies.quantileMs(quantile))}`);
  return [rate, [piece(figures.join('   '))]];
}

function errorsPiece({ answers, failed, unsent, cutOff }: LoadResult): Piece {
  if (answers + failed === 0) {
    return piece(unsent + cutOff === 0 ? 'nothing was measured' : 'none of those that arrived was answered', 'alarm');
  }
  if (failed === 0) return piece('no errors', 'good');
  return piece(`${countText(failed)} of ${countText(answers + failed)} failed`, 'alarm');
}

/** The first sentence of each code says most: the others are alike. */
function failureLines({ failures }: LoadResult): Line[] {
  const counts = failures.map(({ count }) => countText(count));
  const width = Math.max(0, ...counts.map(({ length }) => length));
  return failures.map(({ code, message }, index) => [
    piece(`${counts[index]!.padStart(width)}  `),
    piece(code, 'alarm'),
    piece(`  ${message}`),
  ]);
}

/** What one should know before one believes the figures. */
function noteTexts(result: LoadResult, { maxInFlight, isPrecise }: BenchTold): string[] {
  const { isCutOff, measuredMs, cutOff, late, unsent, connections, connectionsWanted, sendDelays } = result;
  const notes: string[] = [];
  if (isCutOff) {
    const rest =
      cutOff === 0
        ? ''
        : `; ${requests(cutOff)} still under way and ${counts(cutOff)} with what ${they(cutOff)} had waited`;
    notes.push(`ended early, after ${durationText(measuredMs)}${rest}`);
  }
  if (!isCutOff && result.answers + result.failed + unsent === 0) {
    notes.push('no request began in the measured time, as those of the warm-up took longer: measure longer');
  }
  if (connections < connectionsWanted) notes.push(`only ${connections} of ${connectionsWanted} connections were up`);
  const bound = `${countText(maxInFlight ?? 0)} were under way (--max-in-flight)`;
  if (late > 0) notes.push(`${requests(late)} late, as ${bound}; latencies count the wait`);
  if (unsent > 0) {
    const isHopeless = unsent > unsentTold * (result.answers + result.failed);
    const wait = `${counts(unsent)} with what ${they(unsent)} had waited by then`;
    notes.push(
      `${requests(unsent)} never sent, as ${bound} to the end, and ${wait}${isHopeless ? ': the service does not keep up with this rate' : ''}`,
    );
  }
  const delayMs = sendDelays.quantileMs(0.5);
  if (isStarved(result, isPrecise)) {
    const [delay, latency] = [sendDelays, result.latencies].map((one) => durationText(one.quantileMs(0.99)));
    notes.push(
      `this process got too little processor: it sent up to ${delay} (p99) late, of the ${latency} that a request took (p99); free a processor for it, or run it on another machine`,
    );
  } else if (!isPrecise && late === 0 && delayMs > sendDelayTold) {
    notes.push(
      `latencies include ${durationText(delayMs)} (median) by which this process's timers were late; --precise does without`,
    );
  }
  const share = generatorShare(result);
  if (share > saturatedShare) {
    notes.push(
      `this process used ${share.toFixed(2)} of a processor: it may be what was measured, not the service; run several at once`,
    );
  }
  return notes;
}

/** Requests went out late, though no bound held them back: others had the processor, or there was too much to do. */
function isStarved({ sendDelays, latencies, late }: LoadResult, isPrecise: boolean): boolean {
  const delayMs = sendDelays.quantileMs(0.99);
  const told = isPrecise ? sendDelayTold : timerDelayMax;
  return late === 0 && delayMs > told && delayMs > delayShareTold * latencies.quantileMs(0.99);
}

function counts(count: number): string {
  return count === 1 ? 'counts' : 'count';
}

function they(count: number): string {
  return count === 1 ? 'it' : 'they';
}

/** `1 request was`, `2,000 requests were`. */
function requests(count: number): string {
  return count === 1 ? '1 request was' : `${countText(count)} requests were`;
}
