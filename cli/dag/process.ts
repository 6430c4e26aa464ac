// The commands of `heddle dag` that speak with a running process: publish, rollback, level, history, status, traces. Each is
// one request to its admin.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { drawTimeline, drawTimelineTerminal } from '../../dag/draw/timeline.ts';
import type { StrategiesReport } from '../../dag/host/strategy-report.ts';
import type { RunTrace } from '../../dag/run/trace.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { answerOf, failureText } from '../admin-answer.ts';
import { type AdminRequest, type AdminResponse, askAdmin } from '../admin-request.ts';
import { exitCodes } from '../exit-codes.ts';
import { adminOf } from './admin-of.ts';
import { looks, put } from './output.ts';
import { picturePage } from './page.ts';
import { formatOf, type PictureFormat } from './picture-format.ts';
import { historyText, levelText, nodesText, publishText, strategiesText } from './process-texts.ts';
import { tracesOf } from './trace-file.ts';
import { wrongUsage } from './usage.ts';

/** Of what the process knows, ms. */
const answerMs = 5_000;
/** Of a picture, which is drawn on a thread of its own, ms. */
const pictureMs = 15_000;
/** Of a publish: it loads modules, and every thread takes the new version, ms. */
const publishMs = 120_000;

export interface ProcessOptions {
  address?: string;
  config?: string;
  json?: true;
}

type Question = Omit<AdminRequest, 'address'>;

export function dagPublish(options: ProcessOptions): Promise<number> {
  return ask({ verb: 'POST', path: '/strategies/publish', timeoutMs: publishMs }, options, shown(publishText));
}

/** `version` undefined: the one before the one that runs. */
export function dagRollback(version: number | undefined, options: ProcessOptions): Promise<number> {
  const body = version === undefined ? {} : { version };
  return ask({ verb: 'POST', path: '/strategies/rollback', body, timeoutMs: publishMs }, options, shown(publishText));
}

/** `level` undefined: signals and limits alone decide again. */
export function dagLevel(strategy: string, level: number | undefined, options: ProcessOptions): Promise<number> {
  const body = { strategy, level: level ?? null };
  return ask({ verb: 'POST', path: '/strategies/level', body, timeoutMs: answerMs }, options, shown(levelText));
}

export function dagHistory(options: ProcessOptions): Promise<number> {
  return ask(get('/strategies/history'), options, shown(historyText));
}

export interface StatusOptions extends ProcessOptions {
  /** Of one strategy. Default: what the ending of `out` says, else text. */
  format?: PictureFormat;
  out?: string;
}

/** All strategies with what they count; of one its picture, and on the terminal its nodes. */
export async function dagStatus(strategy: string | undefined, options: StatusOptions): Promise<number> {
  const { out } = options;
  const format = formatOf(options);
  const { width } = looks();
  if (strategy === undefined) {
    const given = out === undefined ? `--format ${format}` : `--out ${out}`;
    if (out !== undefined || format !== 'text') throw wrongUsage(`${given} draws one strategy: name it before`);
    return ask(
      get('/strategies'),
      options,
      shown((report: StrategiesReport) => strategiesText(report, width)),
    );
  }
  const form = format === 'html' ? 'svg' : format;
  const picture = get(`/strategies/picture?${query({ strategy, form })}`, pictureMs);
  const drawn = await ask(picture, options, ({ text }) => put(format === 'html' ? pageOf(strategy, text) : text, out));
  if (drawn !== exitCodes.ok || out !== undefined || format !== 'text') return drawn;
  return ask(
    get('/strategies'),
    options,
    shown((report: StrategiesReport) => `\n${nodesText(report, strategy, width)}`),
  );
}

function pageOf(strategy: string, svg: string): string {
  return picturePage({ title: strategy, origin: 'as a running process counts it', svg });
}

/** Prints the runs that the process keeps; with `out` writes each as JSON and as a page into that folder. */
export async function dagTraces(strategy: string, options: ProcessOptions & { out?: string }): Promise<number> {
  const { out } = options;
  return ask(get(`/strategies/traces?${query({ strategy })}`), options, ({ text }) => {
    const traces = tracesOf(answerOf(text), 'the answer');
    if (traces.length === 0) process.stdout.write(`the process keeps no run of ${strategy} yet\n`);
    else if (out === undefined) showTraces(traces);
    else saveTraces(traces, out);
  });
}

function showTraces(traces: readonly RunTrace[]): void {
  const { width, colour } = looks();
  process.stdout.write(traces.map((trace) => drawTimelineTerminal(trace, width, { colour })).join('\n'));
}

function saveTraces(traces: readonly RunTrace[], folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (reason) {
    const { message } = reason as Error;
    throw new HeddleError('FAILED_PRECONDITION', `${folder} can't be made: ${message}`, { cause: reason });
  }
  for (const [index, trace] of traces.entries()) {
    const name = join(folder, `${trace.strategy}-${index + 1}`);
    put(`${JSON.stringify(trace, undefined, 2)}\n`, `${name}.json`);
    put(drawTimeline(trace), `${name}.html`);
  }
}

type Show = (response: AdminResponse) => void;

async function ask(question: Question, options: ProcessOptions, show: Show): Promise<number> {
  const target = adminOf(options.address ?? options.config);
  const { address } = target;
  const response = await askAdmin({ ...target, ...question });
  if (response.status >= 400) {
    process.stderr.write(failureText(response, address));
    return exitCodes.failed;
  }
  if (options.json === true && response.isJson) put(jsonText(response.text), undefined);
  else show(response);
  return exitCodes.ok;
}

/** An answer of another shape, as of another version of Heddle, is printed as it came. */
function shown<Answer>(format: (answer: Answer) => string): Show {
  return ({ isJson, text }) => {
    let formatted: string;
    try {
      formatted = format(answerOf(text) as Answer);
    } catch {
      formatted = isJson ? jsonText(text) : text;
    }
    put(formatted, undefined);
  };
}

function jsonText(text: string): string {
  return JSON.stringify(answerOf(text), undefined, 2);
}

function get(path: string, timeoutMs = answerMs): Question {
  return { verb: 'GET', path, timeoutMs };
}

function query(values: Record<string, string>): string {
  return new URLSearchParams(values).toString();
}
