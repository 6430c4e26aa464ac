// showStatus: how a running server is doing. On a terminal one line that is rewritten in place, and a second one where
// strategies run; elsewhere a log line now and then, since nobody watches a file.

import type { StrategiesReport } from '../dag/host/strategy-report.ts';
import type { Server, ServerStats } from '../index.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { StrategyStatus } from './strategy-status.ts';

/** How often the line is redrawn, ms. */
const redrawMs = 500;
/** How often the figures of strategies are new, ms. */
const strategiesEveryMs = 1_000;
/** Of how many seconds they are on a terminal: fewer flicker. */
const strategyLooks = 5;
/** How often the log tells, ms; it keeps silent while nothing is asked. */
const logEveryMs = 10_000;

/** Begins to show; the returned function ends it and leaves a clean line. Idempotent. */
export function showStatus(server: Server): () => void {
  return process.stderr.isTTY ? drawOnTerminal(server, process.stderr) : tellInLog(server);
}

/** `1,234 requests/s, p50 0.21 ms, p99 1.4 ms, 12 fibers, 6 threads, 64 connections`. */
export function statusText(stats: ServerStats): string {
  const { requestsPerSecond, failedPerSecond, p50Ms, p99Ms, fibers, threads, connections, restarts } = stats;
  const quiet = requestsPerSecond === 0;
  const parts = [
    `${wholeNumber(requestsPerSecond)} requests/s`,
    `p50 ${quiet ? '-' : milliseconds(p50Ms)}`,
    `p99 ${quiet ? '-' : milliseconds(p99Ms)}`,
    `${wholeNumber(fibers)} fibers`,
    `${threads} threads`,
    `${wholeNumber(connections)} connections`,
  ];
  if (failedPerSecond > 0) parts.push(`${wholeNumber(Math.max(1, failedPerSecond))} errors/s`);
  if (restarts > 0) parts.push(`${restarts} restarts`);
  return parts.join(', ');
}

// The log goes to the same terminal from a thread of its own, which knows nothing of these lines. So the cursor waits on the
// empty line above the status: a log line fills that one, and the next redraw moves the status down.
const clearLine = '\r\x1b[2K';
const up = '\x1b[1A\r';

function drawOnTerminal(server: Server, terminal: typeof process.stderr): () => void {
  const strategies = new StrategyLine(server, strategyLooks);
  let ended = false;
  const put = (lines: readonly string[]): void => {
    const shown = lines.map((line) => `\n${clearLine}${line}`).join('');
    terminal.write(`${clearLine}${shown}${up.repeat(lines.length)}`);
  };
  const draw = async (): Promise<void> => {
    const line = await strategies.text();
    // Between the question and the answer it may have been ended.
    if (ended) return;
    const lines = [statusText(server.stats()), ...(line === undefined ? [] : [line])];
    // A wrapped line would be two, and the cursor would come back to the wrong one. Some terminals say 0 columns.
    put(lines.map((text) => text.slice(0, Math.max(20, (terminal.columns || 80) - 1))));
  };
  void draw();
  return every(
    redrawMs,
    () => void draw(),
    () => {
      ended = true;
      put(strategies.isShown ? ['', ''] : ['']);
    },
  );
}

function tellInLog(server: Server): () => void {
  const strategies = new StrategyLine(server, 1);
  const log = (stats: ServerStats, line: string | undefined): void => {
    server.log.info({ ...stats }, `${statusText(stats)}${line === undefined ? '' : `; ${line}`}`);
  };
  void strategies.text();
  log(server.stats(), undefined);
  const tell = async (): Promise<void> => {
    const stats = server.stats();
    const line = await strategies.text();
    if (stats.requestsPerSecond > 0 || stats.fibers > 0) log(stats, line);
  };
  return every(
    logEveryMs,
    () => void tell(),
    () => {},
  );
}

/** What strategies did, in one line, made anew once a second. */
class StrategyLine {
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #status: StrategyStatus;
  readonly #hasAny: boolean;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #text: string | undefined;

  constructor(server: Server, looks: number, clock = systemClock) {
    this.#server = server;
    this.#status = new StrategyStatus(looks);
    this.#clock = clock;
    this.#hasAny = server.settings.strategies.sources.length > 0;
  }

  /** Undefined: there are no strategies. */
  async text(): Promise<string | undefined> {
    const nowMs = this.#clock.nowMs();
    if (!this.#hasAny || nowMs - this.#lookedMs < strategiesEveryMs) return this.#text;
    this.#lookedMs = nowMs;
    const report = (await this.#server.strategies.ask({ ask: 'list' })) as StrategiesReport;
    const texts = this.#status.look(report, nowMs);
    this.#text = texts.length === 0 ? 'no strategy ran' : texts.join('; ');
    return this.#text;
  }

  get isShown(): boolean {
    return this.#text !== undefined;
  }
}

function every(ms: number, show: () => void, end: () => void): () => void {
  const timer = setInterval(show, ms);
  timer.unref();
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    clearInterval(timer);
    end();
  };
}

function wholeNumber(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? Number(ms.toFixed(2)) : Math.round(ms)} ms`;
}
