// bench: `heddle bench`, load on a method of a running service, with progress while it runs and a picture at its end. The
// load is load/'s; here is what it is put on, and how it is told.

import { randomInt } from 'node:crypto';
import { bodyRequest, HeddleTarget } from '../load/heddle-target.ts';
import { HttpTarget } from '../load/http/http-target.ts';
import { startLoad } from '../load/load-run.ts';
import type { LoadResult } from '../load/result.ts';
import type { LoadTarget } from '../load/target.ts';
import { type ClientHost, standaloneHost } from '../net/client/host.ts';
import { seededRandom, systemClock } from '../runtime/clock.ts';
import { HeddleError } from '../runtime/errors.ts';
import { type BenchOptions, seeds } from './bench/options.ts';
import { type BenchPlan, benchPlan, planText } from './bench/plan.ts';
import { showProgress } from './bench/progress.ts';
import { benchReport } from './bench/report.ts';
import { type ReportOutput, reportOutput } from './bench/report-output.ts';
import { type BenchTold, benchLines } from './bench/summary.ts';
import { whereToBench } from './bench/where.ts';
import { makeRequest, senderFor } from './call.ts';
import { explained } from './call-heddle.ts';
import { headersOf } from './call-http.ts';
import type { CallRequest } from './call-types.ts';
import { exitCodes } from './exit-codes.ts';
import { onStopSignals } from './stop-signals.ts';
import { lineText } from './top/line.ts';
import { ansiText } from './top/screen.ts';
import { type Symbols, symbolsFor } from './top/symbols.ts';

/** Columns of a picture that goes into a file, unless COLUMNS says otherwise. */
const textColumns = 100;

const clock = systemClock;

/** With `--precise`, how long before a request is due the clock is watched, ms: timers come at most that late. */
const preciseMs = 1.5;

/** Resolves with the exit code. Throws HeddleError when nothing could be measured. */
export async function bench(
  where: string,
  name: string,
  text: string | undefined,
  options: BenchOptions,
): Promise<number> {
  const stop = new AbortController();
  let request: CallRequest;
  let plan: BenchPlan;
  let target: LoadTarget;
  let output: ReportOutput | undefined;
  try {
    const { target: address, example } = await whereToBench(
      where,
      name,
      text === undefined && options.codec === 'json',
    );
    senderFor(address);
    request = await makeRequest(address, name, text ?? example ?? '{}', callOptions(options));
    plan = benchPlan(options, !address.startsWith('heddle:'));
    output = options.json === undefined ? undefined : reportOutput(options.json);
    target = targetFor(request, plan, standaloneHost());
  } catch (reason) {
    if (!(reason instanceof HeddleError) || reason.code !== 'INVALID_ARGUMENT') throw reason;
    process.stderr.write(`heddle: ${reason.message}\n`);
    return exitCodes.usage;
  }
  onStopSignals(clock, () => stop.abort());
  const startedAtMs = clock.wallMs();
  const seed = options.seed ?? randomInt(seeds);
  const result = await measure(target, plan, options, seed, stop.signal);
  if (output?.isStdout !== true) tell(result, request, plan, options, seed);
  if (output !== undefined) {
    const { target: address, service, method, body } = request;
    const asked = { target: address, service, method, requestBytes: body.length, plan, options, seed, startedAtMs };
    output.write(benchReport(result, asked));
  }
  // Answers to those of the warm-up are answers too. Who ended it in the warm-up knows why there is nothing.
  return result.answers > 0 || result.perSecond > 0 || result.isCutOff ? exitCodes.ok : exitCodes.failed;
}

function callOptions({ timeout, meta, priority, codec }: BenchOptions): Parameters<typeof makeRequest>[3] {
  return { timeout, priority, codec, ...(meta === undefined ? {} : { meta }) };
}

function targetFor(request: CallRequest, plan: BenchPlan, host: ClientHost): LoadTarget {
  const { target, service, method, body, codec, timeoutMs, metadata, priority } = request;
  const { connections, shape } = plan;
  if (target.startsWith('heddle:')) {
    const maxInFlight = shape.kind === 'open' ? shape.maxInFlight : shape.inFlight;
    const prepared = bodyRequest(body, codec, { metadata, priority });
    return new HeddleTarget({ target, service, method, request: prepared, timeoutMs, connections, maxInFlight }, host);
  }
  const url = new URL(target);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${service}/${method}`;
  return new HttpTarget({ url, headers: headersOf(request), body, timeoutMs, connections }, host);
}

async function measure(
  target: LoadTarget,
  plan: BenchPlan,
  options: BenchOptions,
  seed: number,
  signal: AbortSignal,
): Promise<LoadResult> {
  const run = startLoad({
    target,
    shape: plan.shape,
    durationMs: options.duration,
    warmUpMs: options.warmUp,
    clock,
    random: seededRandom(seed),
    spinMs: options.precise === true ? preciseMs : 0,
    signal,
  });
  const looks = { symbols: symbolsFor(process.env), isColoured: isColoured() };
  const endProgress = showProgress(run, process.stderr, looks, clock);
  try {
    return await run.ended;
  } catch (reason) {
    throw reason instanceof HeddleError ? explained(reason) : reason;
  } finally {
    endProgress();
  }
}

function tell(
  result: LoadResult,
  { target, service, method }: CallRequest,
  plan: BenchPlan,
  options: BenchOptions,
  seed: number,
): void {
  const told: BenchTold = {
    title: `${service}/${method} at ${target}`,
    plan: planText(plan, seed, result.connections, options.duration),
    maxInFlight: plan.shape.kind === 'open' ? plan.shape.maxInFlight : undefined,
    isPrecise: options.precise === true,
  };
  const { stdout } = process;
  const isTerminal = stdout.isTTY === true && process.env.TERM !== 'dumb';
  const columns = (stdout.isTTY === true ? stdout.columns : Number(process.env.COLUMNS)) || textColumns;
  const symbols: Symbols = symbolsFor(process.env);
  const lines = benchLines(result, told, columns, symbols);
  const texts = lines.map((line) => (isTerminal ? ansiText(line, isColoured()) : lineText(line)));
  stdout.write(`${texts.join('\n')}\n`);
}

/** https://no-color.org: any value but an empty one. */
function isColoured(): boolean {
  return (process.env.NO_COLOR ?? '') === '';
}
