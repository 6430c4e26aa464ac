// start: `heddle start`, from the config to the exit code, on the main thread.
//
// 1. The config is read; with mistakes nothing starts.
// 2. Signals are heard from here on: a process that is told to stop while it starts stops.
// 3. The server starts; then the ready text and the status.
// 4. The first signal: the server stops listening, tells its peers, finishes what runs within stop.timeout, closes.
// 5. The process ends, whatever a library may have left behind: its exit code says whether everything was finished.

import { formatProblems } from '../config/format-problems.ts';
import { readConfig } from '../config/read-config.ts';
import { HeddleError, Server } from '../index.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Settings } from '../runtime/settings.ts';
import { formatDuration } from '../runtime/units.ts';
import { exitCodes } from './exit-codes.ts';
import { readyText } from './ready-text.ts';
import { addressHint, modulesHint } from './start-hints.ts';
import { showStatus } from './status.ts';
import { onStopSignals } from './stop-signals.ts';

/** Resolves with the exit code when the config has mistakes or the start fails; else it ends the process itself. */
export async function start(file: string, options: { set: string[]; status: boolean }): Promise<number> {
  const { settings, problems } = readConfig({ file, overrides: options.set, environment: process.env });
  if (settings === undefined) {
    const many = problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`;
    process.stderr.write(`${formatProblems(problems)}\n\nheddle: the config has ${many}; nothing was started\n`);
    return exitCodes.failed;
  }
  const { libuvThreads } = settings.process;
  // libuv reads it when something first needs its threads, and nothing has so far.
  if (libuvThreads !== undefined) process.env.UV_THREADPOOL_SIZE = String(libuvThreads);
  const server = new Server(settings);
  listenForTheUncaught(server);
  process.exit(await serve(server, settings, options.status));
}

async function serve(server: Server, settings: Settings, status: boolean): Promise<number> {
  const clock = systemClock;
  const beganMs = clock.nowMs();
  const stopped = Promise.withResolvers<boolean>();
  const told = { toStop: false };
  let endStatus = (): void => {};
  onStopSignals(clock, (signal) => {
    endStatus();
    const bound = formatDuration(settings.stop.timeoutMs);
    process.stderr.write(`heddle: ${signal}: finishing what runs, at most ${bound}; once more ends it at once\n`);
    server.log.info({ signal, stopTimeoutMs: settings.stop.timeoutMs }, 'stopping');
    told.toStop = true;
    stopped.resolve(server.stop());
  });
  try {
    await server.start();
    const tookMs = Math.round(clock.nowMs() - beganMs);
    process.stdout.write(readyText(settings, server.addresses, server.methods, server.stats().threads, tookMs));
    server.log.info({ addresses: server.addresses, pid: process.pid, tookMs }, 'ready');
    if (status && !told.toStop) endStatus = showStatus(server);
  } catch (reason) {
    if (!told.toStop) return failed(reason, server, settings);
  }
  const finished = await stopped.promise;
  process.stderr.write(`heddle: stopped${finished ? '' : '; not everything was finished within stop.timeout'}\n`);
  return finished ? exitCodes.ok : exitCodes.cutOff;
}

function failed(reason: unknown, server: Server, settings: Settings): number {
  const text = reason instanceof HeddleError ? reason.message : reason instanceof Error ? reason.stack : String(reason);
  const hints = [modulesHint(server, settings), addressHint(reason, settings)].filter((hint) => hint !== undefined);
  process.stderr.write(`${[`heddle: it did not start: ${text}`, ...hints].join('\n')}\n`);
  return exitCodes.failed;
}

/** No request runs on this thread, so an exception here is Heddle's or a plugin's, and its state can't be trusted. */
function listenForTheUncaught(server: Server): void {
  process.on('uncaughtException', (error) => {
    process.stderr.write(`heddle: uncaught on the main thread: ${error instanceof Error ? error.stack : error}\n`);
    // Written before this returns.
    server.log.fatal({ err: error }, 'uncaught on the main thread; the process ends');
    process.exit(exitCodes.internal);
  });
}
