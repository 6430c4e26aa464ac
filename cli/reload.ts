// reload: `heddle reload`: a running process reads its config again and rolls the pools whose code has changed; says what
// it came to. One that takes long, as canaries do, is asked about until it has ended.

import type { AdminErrorAnswer } from '../admin/shapes.ts';
import type { ReloadReport, ReloadState } from '../net/server/reload-report.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { type ErrorCode, HeddleError } from '../runtime/errors.ts';
import { answerOf, failureSentence } from './admin-answer.ts';
import { type AdminResponse, askAdmin } from './admin-request.ts';
import { exitCodes } from './exit-codes.ts';
import { reloadText } from './reload-text.ts';
import { type AdminTarget, adminTarget } from './top/address.ts';

/** Of a process that waits for a reload to end, and of one that is busy, ms. */
const answerMs = 25_000;
/** Between two questions about a reload that goes on, ms. */
const askAgainMs = 500;

export interface ReloadOptions {
  address?: string;
  config?: string;
  /** True: all pools. */
  roll?: true | string[];
  /** Percent; 0: none. */
  canary?: number;
  strict?: true;
  goOn?: true;
  rollBack?: true;
  json?: true;
}

export async function reload(options: ReloadOptions, clock: Clock = systemClock): Promise<number> {
  const { address, config, goOn, rollBack, json } = options;
  try {
    const target = adminTarget(address ?? config, process.env);
    if (goOn === true || rollBack === true) return await decide(target, goOn === true);
    return await reloadAt(target, options, clock);
  } catch (reason) {
    const error = HeddleError.from(reason).message;
    process.stderr.write(`heddle: ${error}\n`);
    // As the admin says it, whoever has said it.
    if (json === true) process.stdout.write(`${JSON.stringify({ error } satisfies AdminErrorAnswer, undefined, 2)}\n`);
    return exitCodes.failed;
  }
}

async function reloadAt(
  target: AdminTarget,
  { roll, canary, strict, json }: ReloadOptions,
  clock: Clock,
): Promise<number> {
  const body = { roll, canary, strict };
  const first = await askAdmin({ ...target, verb: 'POST', path: '/reload', body, timeoutMs: answerMs });
  if (first.status >= 400) throw refused(first, target);
  const report = first.status === 202 ? await ended(target, answerOf(first.text), clock) : answerOf(first.text);
  process.stdout.write(
    json === true ? `${JSON.stringify(report, undefined, 2)}\n` : reloadText(report as ReloadReport),
  );
  return (report as ReloadReport).canary?.goOn === false ? exitCodes.failed : exitCodes.ok;
}

/** The report of a reload that takes longer. Throws what is wrong with one that failed. */
async function ended(target: AdminTarget, begun: unknown, clock: Clock): Promise<unknown> {
  const { id } = begun as ReloadState;
  tellWait(begun as ReloadState);
  let told = false;
  for (;;) {
    await new Promise<void>((resolve) => void clock.setTimer(askAgainMs, resolve));
    const response = await askAboutIt(target, id);
    if (response.status >= 400) throw refused(response, target);
    const state = answerOf(response.text) as ReloadState;
    if (state.state === 'done') return state.report;
    if (state.state === 'failed') throw new HeddleError(state.code as ErrorCode, state.message);
    if (told || state.state !== 'running' || state.canary === undefined) continue;
    told = true;
    const { percent } = state.canary;
    process.stderr.write(
      `heddle: new code gets ${percent} % of the calls; its verdict is waited for (heddle reload --go-on, or --roll-back, ends it now)\n`,
    );
  }
}

async function askAboutIt(target: AdminTarget, id: number): Promise<AdminResponse> {
  try {
    return await askAdmin({ ...target, verb: 'GET', path: `/reload?id=${id}`, timeoutMs: answerMs });
  } catch (reason) {
    if (HeddleError.from(reason).code !== 'UNAVAILABLE') throw reason;
    const what = `the process at ${target.address} has stopped or died before reload ${id} was over`;
    throw new HeddleError('UNAVAILABLE', `${what}: nobody answers there any more`, { cause: reason });
  }
}

function tellWait(state: ReloadState): void {
  if (state.state !== 'waiting') return;
  const end = state.waitsFor.startsWith('the canary') ? ' (heddle reload --go-on, or --roll-back, ends it now)' : '';
  process.stderr.write(`heddle: it waits for ${state.waitsFor}${end}\n`);
}

async function decide(target: AdminTarget, goOn: boolean): Promise<number> {
  const body = { decide: goOn ? 'go-on' : 'roll-back' };
  const response = await askAdmin({ ...target, verb: 'POST', path: '/reload/canary', body, timeoutMs: answerMs });
  if (response.status >= 400) throw refused(response, target);
  process.stdout.write(goOn ? 'the canary goes on\n' : 'the canary is taken back\n');
  return exitCodes.ok;
}

function refused(response: AdminResponse, { address }: AdminTarget): HeddleError {
  return new HeddleError('FAILED_PRECONDITION', failureSentence(response, address));
}
