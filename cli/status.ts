// showStatus: how a running server is doing. On a terminal one line that is rewritten in place; elsewhere a log line now
// and then, since nobody watches a file.

import type { Server, ServerStats } from '../index.ts';

/** How often the line is redrawn, ms. */
const redrawMs = 500;
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

// The log goes to the same terminal from a thread of its own, which knows nothing of this line. So the cursor waits on the
// empty line above the status: a log line fills that one, and the next redraw moves the status down.
const clearLine = '\r\x1b[2K';
const up = '\x1b[1A\r';

function drawOnTerminal(server: Server, terminal: typeof process.stderr): () => void {
  const draw = (): void => {
    // A wrapped line would be two, and the cursor would come back to the wrong one. Some terminals say 0 columns.
    const text = statusText(server.stats()).slice(0, Math.max(20, (terminal.columns || 80) - 1));
    terminal.write(`${clearLine}\n${clearLine}${text}${up}`);
  };
  draw();
  return every(redrawMs, draw, () => terminal.write(`${clearLine}\n${clearLine}${up}`));
}

function tellInLog(server: Server): () => void {
  const log = (stats: ServerStats): void => server.log.info({ ...stats }, statusText(stats));
  log(server.stats());
  const tell = (): void => {
    const stats = server.stats();
    if (stats.requestsPerSecond > 0 || stats.fibers > 0) log(stats);
  };
  return every(logEveryMs, tell, () => {});
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
