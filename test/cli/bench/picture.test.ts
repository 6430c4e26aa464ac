import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { latencyPicture } from '../../../cli/bench/latency-picture.ts';
import { progressLine, showProgress } from '../../../cli/bench/progress.ts';
import { benchLines } from '../../../cli/bench/summary.ts';
import { lineText, lineWidth, piece } from '../../../cli/top/line.ts';
import { asciiSymbols, unicodeSymbols } from '../../../cli/top/symbols.ts';
import { Latencies } from '../../../load/latencies.ts';
import type { LoadRun } from '../../../load/load-run.ts';
import type { LoadResult } from '../../../load/result.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';

/** 1 ms for most, a shoulder at 2 ms, and a tail. */
function fixed(): Latencies {
  const latencies = new Latencies();
  for (let index = 0; index < 1000; index++) {
    if (index < 600) latencies.record(0.9 + (index % 40) / 200);
    else if (index < 950) latencies.record(1.9 + (index % 20) / 40);
    else latencies.record(5 + (index - 950) * 0.9);
  }
  return latencies;
}

function resultOf(own: Partial<LoadResult> = {}): LoadResult {
  const latencies = own.latencies ?? fixed();
  const slices = Array.from({ length: 12 }, (_, index) => {
    const slice = new Latencies();
    if (index !== 6) slice.record(index === 7 ? 50 : 2);
    return {
      fromMs: index * 100,
      toMs: (index + 1) * 100,
      answers: index === 6 ? 0 : 90 + index,
      failures: 0,
      latencies: slice,
    };
  });
  return {
    measuredMs: 1200,
    isCutOff: false,
    connections: 8,
    connectionsWanted: 8,
    answers: latencies.count,
    failed: 0,
    failures: [],
    perSecond: 833.3,
    latencies,
    slices,
    sendDelays: new Latencies(),
    late: 0,
    unsent: 0,
    cutOff: 0,
    cpuSeconds: 0.2,
    spunSeconds: 0,
    ...own,
  };
}

const told = {
  title: 'demo.Echo/echo at heddle://127.0.0.1:7000',
  plan: '32 in flight over 8 connections for 1200ms',
  isPrecise: false,
};

test('the whole of it: figures, histogram, percentiles, over time', (t) => {
  const text = benchLines(resultOf(), told, 72, unicodeSymbols).map(lineText).join('\n');
  t.is(`${text}\n`, readFileSync(new URL('./picture.txt', import.meta.url), 'utf8'));
});

test('the same in ASCII', (t) => {
  const text = benchLines(resultOf(), told, 72, asciiSymbols).map(lineText).join('\n');
  t.regex(text, /^[ -~\n]*$/);
  t.is(`${text}\n`, readFileSync(new URL('./picture-ascii.txt', import.meta.url), 'utf8'));
});

test('what one should know before one believes it', (t) => {
  const sendDelays = new Latencies();
  sendDelays.record(0.6);
  const notes = (own: Partial<LoadResult>) =>
    benchLines(resultOf(own), { ...told, maxInFlight: 4 }, 100, unicodeSymbols).map(lineText);
  const has = (own: Partial<LoadResult>, sentence: string) => t.true(notes(own).includes(sentence), sentence);
  has(
    { isCutOff: true, cutOff: 1 },
    'ended early, after 1.2 s; 1 request was still under way and counts with what it had waited',
  );
  has({ connections: 3 }, 'only 3 of 8 connections were up');
  has({ late: 2000 }, '2,000 requests were late, as 4 were under way (--max-in-flight); latencies count the wait');
  has(
    { unsent: 500 },
    '500 requests were never sent, as 4 were under way (--max-in-flight) to the end, and count with what they had waited by then: the service does not keep up with this rate',
  );
  has(
    { sendDelays },
    "latencies include 0.6 ms (median) by which this process's timers were late; --precise does without",
  );
  has(
    { cpuSeconds: 1.2 },
    'this process used 1.00 of a processor: it may be what was measured, not the service; run several at once',
  );
});

test('a generator that got too little processor says so, with --precise too', (t) => {
  const late = new Latencies();
  for (let index = 0; index < 100; index++) late.record(index < 50 ? 0.01 : 40);
  for (const isPrecise of [false, true]) {
    const notes = (own: Partial<LoadResult>) =>
      benchLines(resultOf({ sendDelays: late, ...own }), { ...told, isPrecise }, 100, unicodeSymbols).map(lineText);
    const sentence = /^this process got too little processor: it sent up to 40 ms \(p99\) late, of the \d+ ms that/;
    t.true(notes({}).some((line) => sentence.test(line)));
    // Of these one knows that the bound held them back.
    t.false(notes({ late: 50 }).some((line) => sentence.test(line)));
    const slow = new Latencies();
    slow.record(100);
    t.false(notes({ latencies: slow }).some((line) => sentence.test(line)));
  }
});

test('where arrivals of the warm-up took all the time, the service is too slow, not the measured time too short', (t) => {
  const latencies = new Latencies();
  latencies.record(500);
  const lines = benchLines(
    resultOf({ answers: 0, unsent: 500, perSecond: 400, latencies }),
    { ...told, maxInFlight: 4 },
    100,
    unicodeSymbols,
  ).map(lineText);
  t.true(lines.includes('400 requests/s   none of those that arrived was answered'));
  t.regex(lines.at(-1)!, /never sent.*the service does not keep up with this rate$/);
  t.notRegex(lines.join('\n'), /measure longer/);
});

test('where nothing began in time, it says so instead of drawing', (t) => {
  const lines = benchLines(
    resultOf({ latencies: new Latencies(), perSecond: 0, slices: [] }),
    told,
    100,
    unicodeSymbols,
  );
  t.deepEqual(lines.map(lineText).slice(3), [
    '0 requests/s   nothing was measured',
    '',
    'no request began in the measured time, as those of the warm-up took longer: measure longer',
  ]);
});

test('failures are listed with their code and the first sentence of each', (t) => {
  const failures = [
    { code: 'RESOURCE_EXHAUSTED', count: 1200, message: 'the queue is full' },
    { code: 'DEADLINE_EXCEEDED', count: 3, message: 'no answer' },
  ] as const;
  const lines = benchLines(resultOf({ failed: 1203, failures }), told, 100, unicodeSymbols).map(lineText);
  t.true(lines.includes('833 requests/s   1,203 of 2,203 failed'));
  t.true(lines.includes('1,200  RESOURCE_EXHAUSTED  the queue is full'));
  t.true(lines.includes('    3  DEADLINE_EXCEEDED  no answer'));
});

test('no line of a picture is wider than the terminal, whatever was measured', (t) => {
  const times = fc.array(fc.double({ min: 0, max: 1e7, noNaN: true }), { maxLength: 50 });
  fc.assert(
    fc.property(times, fc.integer({ min: 20, max: 200 }), fc.boolean(), (values, cells, isAscii) => {
      const latencies = new Latencies();
      for (const ms of values) latencies.record(ms);
      const lines = latencyPicture(latencies, cells, isAscii ? asciiSymbols : unicodeSymbols);
      return lines.every((line) => lineWidth(line) <= cells) && (lines.length === 0) === (values.length === 0);
    }),
  );
  t.pass();
});

test('one request in a million still shows', (t) => {
  const latencies = new Latencies();
  for (let index = 0; index < 1_000_000; index++) latencies.record(1);
  latencies.record(1000);
  const bottom = lineText(latencyPicture(latencies, 80, unicodeSymbols)[7]!);
  t.regex(bottom, /^█.*▁$/);
});

const progress = {
  phase: 'measuring' as const,
  share: 0.5,
  inFlight: 32,
  answers: 4000,
  failures: 0,
  perSecond: 95_059,
  p50Ms: 0.24,
  p99Ms: undefined,
};

test('progress is one line: bar, rate, latencies, errors', (t) => {
  const text = (own: object) => lineText(progressLine({ ...progress, ...own }, unicodeSymbols));
  t.is(text({}), '████████········  50%  95,059/s  p50 0.24 ms  p99 -  no errors');
  t.is(text({ failures: 7 }), '████████········  50%  95,059/s  p50 0.24 ms  p99 -  7 errors');
  t.true(text({ phase: 'warming' }).endsWith('warm-up'));
  t.is(text({ phase: 'connecting' }), 'connecting');
  t.is(text({ phase: 'ending' }), 'waiting for the last 32 answers');
});

test('a terminal that can redraw nothing has a width too', (t) => {
  const before = process.env.TERM;
  const clock = new VirtualClock();
  let written = '';
  const output = { isTTY: true, columns: 30, write: (text: string) => (written += text) };
  const run = { progress: () => progress } as unknown as LoadRun;
  process.env.TERM = 'dumb';
  const end = showProgress(run, output, { symbols: unicodeSymbols, isColoured: true }, clock);
  if (before === undefined) delete process.env.TERM;
  else process.env.TERM = before;
  clock.advanceSync(6000);
  end();
  const lines = written.split('\n').slice(0, -1);
  t.is(lines.length, 2);
  for (const line of lines) t.true(lineWidth([piece(line)]) < 30, line);
});
