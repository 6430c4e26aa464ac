// start: `heddle start`, from the config to the exit code, on the main thread.
//
// 1. The config is read; with mistakes nothing starts. A guardian (guardian.ts) is told its limits.
// 2. Signals are heard from here on: a process that is told to stop while it starts stops. So does one whose guardian goes.
// 3. The server starts; then the ready text and the status.
// 4. The first signal: the server stops listening, tells its peers, finishes what runs within stop.timeout, closes.
// 5. The process ends, whatever a library may have left behind: its exit code says whether everything was finished.

import { realpathSync } from 'node:fs';
import { isatty } from 'node:tty';
import { formatHostPort } from '../config/addresses.ts';
import { explainService } from '../config/explain-service.ts';
import { readConfig } from '../config/read-config.ts';
import { formatProblems } from '../document/format-problems.ts';
import { HeddleError, type ListeningAddress, Server } from '../index.ts';
import type { ReadSettings } from '../net/server/reloader.ts';
import { systemClock } from '../runtime/clock.ts';
import { keepCompiled } from '../runtime/compile-cache.ts';
import type { Settings } from '../runtime/settings.ts';
import { formatDuration } from '../runtime/units.ts';
import { exitCodes } from './exit-codes.ts';
import type { FileWatch } from './file-watch.ts';
import type { Guarded } from './guarded.ts';
import { endText } from './process-end.ts';
import { readyText } from './ready-text.ts';
import { reloadLine } from './reload-text.ts';
import { addressHint, modulesHint } from './start-hints.ts';
import { showStatus } from './status.ts';
import { onStopSignals } from './stop-signals.ts';
import { watchFiles } from './watch.ts';

export interface StartOptions {
  set: string[];
  status: boolean;
  /** Reload what changes on the disk. */
  watch: boolean;
  /** Undefined: this process has no guardian. */
  guarded?: Guarded | undefined;
}

/** Resolves with the exit code when the config has mistakes or the start fails; else it ends the process itself. */
export async function start(file: string, options: StartOptions): Promise<number> {
  const config = readConfig({ file, overrides: options.set, environment: process.env });
  const { settings, problems } = config;
  if (settings === undefined) {
    const many = problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`;
    process.stderr.write(`${formatProblems(problems)}\n\nheddle: the config has ${many}; nothing was started\n`);
    return exitCodes.failed;
  }
  const { guarded } = options;
  await guarded?.settings(settings.guardian);
  // The guardian does the rest itself. A replacement stays guarded, whatever the config says by now.
  if (guarded !== undefined && settings.guardian === undefined && guarded.previous === undefined) return exitCodes.ok;
  const { libuvThreads } = settings.process;
  // libuv reads it when something first needs its threads, and nothing has so far.
  if (libuvThreads !== undefined) process.env.UV_THREADPOOL_SIZE = String(libuvThreads);
  const previous = guarded?.previous;
  const configText = settings.services.map(({ name }) => explainService(config, name)).join('\n');
  const readSettings: ReadSettings = (sources) => {
    const again = readConfig({ file, sources, overrides: options.set, environment: process.env });
    if (again.settings !== undefined) return again.settings;
    throw new HeddleError('FAILED_PRECONDITION', formatProblems(again.problems), { retry: 'no' });
  };
  const common = { configText, configFile: realpathSync(file), readSettings };
  const server = new Server(settings, previous === undefined ? common : { ...common, previous });
  listenForTheUncaught(server);
  if (previous !== undefined) {
    const { pid: previousPid, ...how } = previous;
    server.log.error({ previousPid, ...how }, `started again: the process before this one ${endText(previous)}`);
  }
  process.exit(await serve(server, settings, common.configFile, options));
}

async function serve(
  server: Server,
  settings: Settings,
  configFile: string,
  { status, watch, guarded }: StartOptions,
): Promise<number> {
  const clock = systemClock;
  const beganMs = clock.nowMs();
  const stopped = Promise.withResolvers<boolean>();
  const told = { toStop: false };
  let endStatus = (): void => {};
  let watched: FileWatch | undefined;
  const stopTimeoutMs = (): number => server.settingsInForce.stop.timeoutMs;
  const stop = (sentence: string): void => {
    process.stderr.write(`heddle: ${sentence}\n`);
    told.toStop = true;
    watched?.close();
    stopped.resolve(server.stop());
  };
  const bound = (): string => formatDuration(stopTimeoutMs());
  const onSignal = (signal: string): void => {
    guarded?.stopping();
    endStatus();
    server.log.info({ signal, stopTimeoutMs: stopTimeoutMs() }, 'stopping');
    stop(`${signal}: finishing what runs, at most ${bound()}; once more ends it at once`);
  };
  onStopSignals(clock, onSignal, guarded);
  onHangup(server, onSignal);
  void server.drainAsked.then(() => {
    guarded?.stopping();
    stop(`the admin was asked to drain: finishing what runs, at most ${bound()}`);
  });
  guarded?.onLost(() => {
    const { guardianPid } = guarded;
    endStatus();
    server.log.error({ guardianPid, stopTimeoutMs: stopTimeoutMs() }, 'stopping: the guardian has gone');
    stop(`the guardian (pid ${guardianPid}) has gone: finishing what runs, at most ${bound()}`);
  });
  try {
    // Before anybody waits for main.
    keepCompiled();
    await server.start();
    const tookMs = Math.round(clock.nowMs() - beganMs);
    guarded?.ready();
    const { addresses, methods, previous, admin } = server;
    process.stdout.write(
      previous === undefined
        ? readyText(settings, addresses, methods, server.stats().threads, tookMs, admin?.address)
        : readyAgainText(addresses, tookMs),
    );
    server.log.info({ addresses, admin: admin?.address, pid: process.pid, tookMs }, 'ready');
    if (status && !told.toStop) endStatus = showStatus(server);
    const say = (text: string): boolean => process.stderr.write(text);
    if (watch && !told.toStop) watched = watchFiles({ server, configFile, clock, say });
  } catch (reason) {
    if (!told.toStop) return failed(reason, server, settings);
  }
  const finished = await stopped.promise;
  process.stderr.write(`heddle: stopped${finished ? '' : '; not everything was finished within stop.timeout'}\n`);
  return finished ? exitCodes.ok : exitCodes.cutOff;
}

/** A terminal that has gone stops the process; without one, SIGHUP is how service managers ask for a reload. */
function onHangup(server: Server, stop: (signal: string) => void): void {
  let hung = false;
  process.on('SIGHUP', () => {
    if (isatty(0)) {
      if (!hung) stop('SIGHUP');
      hung = true;
      return;
    }
    server.reloadFile({ by: 'SIGHUP' }).then(
      (report) => process.stderr.write(`heddle: SIGHUP: the config was read again; ${reloadLine(report)}\n`),
      (reason: unknown) => {
        const { code, message } = HeddleError.from(reason);
        // The process stops, and has said so.
        if (code === 'CANCELLED') return;
        server.log.error({ err: reason }, 'the config was not taken over');
        process.stderr.write(`${message}\n\nheddle: SIGHUP: the config was not taken over; nothing changed\n`);
      },
    );
  });
}

/** Nobody reads the whole of the ready text twice. */
function readyAgainText(addresses: readonly ListeningAddress[], tookMs: number): string {
  const urls = addresses.map((address) => `${address.protocol}://${formatHostPort(address)}`);
  const where = urls.length === 0 ? '' : `: ${urls.join(', ')}`;
  return `heddle is ready again after ${tookMs} ms (pid ${process.pid})${where}\n`;
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
