// guard: what `heddle start` is, in the process that was called: it starts the service process, which does everything, and
// starts it again when it dies. It loads nothing that a service needs and touches no request, so that what kills a service
// leaves it alone.
//
// The service process belongs to the same process group, so that Ctrl-C, Ctrl-Z, a terminal that is closed and a service
// manager reach both, as they reach any job. The guardian ends by none of these: it passes on what it hears, and ends when
// the service process has ended, with its exit code.
//
// 1. starting: the first service process reads its config and starts. However it ends now, the guardian ends too.
// 2. watching: a service process was ready once. When it ends without having been told to, that is a death, and so is a
//    replacement that does not get ready: the next one is started at once, or when the wait is over that RestartPolicy
//    (runtime/restart-policy.ts) says. Each is told how the one before ended, and logs it.
// 3. stopping: somebody has told one of the two to stop. Nothing is started again.

import { type ChildProcess, spawn } from 'node:child_process';
import { url as inspectorUrl } from 'node:inspector';
import { isatty } from 'node:tty';
import type { PreviousProcess } from '../net/server/server-options.ts';
import type { Clock } from '../runtime/clock.ts';
import { RestartPolicy } from '../runtime/restart-policy.ts';
import type { GuardianSettings } from '../runtime/settings.ts';
import { formatDuration } from '../runtime/units.ts';
import { exitCodes } from './exit-codes.ts';
import { type GuardianMark, guardianVariable, type ToGuardian, type ToService } from './guardian-messages.ts';
import { endText, exitCodeOf, type ProcessEnd } from './process-end.ts';
import { StopCount, type StopSignal, stopSignalNames, stopSignals } from './stop-signals.ts';

/** How long the service process may take to end by itself once it was told to end at once, ms. */
const endAtOnceMs = 1_000;

/** Signals that are not the guardian's business: the service process does what it would do without one. */
const passedOn = ['SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** What `guard` resolves with when the config wants no guardian: the caller is to be the service process itself. */
export const unguarded = 'unguarded';

/** A debugger and `node --watch` work on the process that they have started, so that one must be the service process. */
export function canGuard(): boolean {
  return inspectorUrl() === undefined && process.env.WATCH_REPORT_DEPENDENCIES === undefined;
}

/** Runs this process's own command once more, as a service process; resolves with the exit code when all is over. */
export function guard(clock: Clock): Promise<number | typeof unguarded> {
  return new Guardian(clock).run();
}

type State = 'starting' | 'watching' | 'stopping';

interface ServiceProcess {
  child: ChildProcess;
  startedMs: number;
  ready: boolean;
  /** Signals that were passed on to it. */
  heard: Set<NodeJS.Signals>;
}

class Guardian {
  readonly #clock: Clock;
  readonly #stopCount: StopCount;
  readonly #over = Promise.withResolvers<number | typeof unguarded>();
  #state: State = 'starting';
  /** Undefined while the next one waits for its time. */
  #service: ServiceProcess | undefined;
  /** The config's, once the first service process has read it. */
  #policy = new RestartPolicy();
  #settings: GuardianSettings | undefined;
  #unguarded = false;
  #deaths = 0;
  /** Until the next start, or until a process that was told to end at once is ended. */
  #timer: unknown;
  /** The last one that was heard. */
  #stopSignal: StopSignal | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#stopCount = new StopCount(clock);
  }

  async run(): Promise<number | typeof unguarded> {
    const stop = (signal: NodeJS.Signals): void => this.#onStopSignal(signal as StopSignal);
    const pass = (signal: NodeJS.Signals): void => this.#passOn(signal);
    for (const signal of stopSignalNames) process.on(signal, stop);
    for (const signal of passedOn) process.on(signal, pass);
    this.#start(undefined);
    try {
      return await this.#over.promise;
    } finally {
      this.#clearTimer();
      for (const signal of stopSignalNames) process.off(signal, stop);
      for (const signal of passedOn) process.off(signal, pass);
    }
  }

  #start(previous: PreviousProcess | undefined): void {
    const mark: GuardianMark = previous === undefined ? { pid: process.pid } : { pid: process.pid, previous };
    const [script = '', ...args] = process.argv.slice(1);
    const startedMs = this.#clock.nowMs();
    let child: ChildProcess;
    try {
      child = spawn(process.execPath, [...process.execArgv, script, ...args], {
        env: { ...process.env, [guardianVariable]: JSON.stringify(mark) },
        stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      });
    } catch (error) {
      this.#onNoProcess(error as Error);
      return;
    }
    const service: ServiceProcess = { child, startedMs, ready: false, heard: new Set() };
    this.#service = service;
    child.on('message', (message: ToGuardian) => this.#onMessage(service, message));
    // Without a pid: there is no process, and no other event will come.
    child.on('error', (error) => {
      if (child.pid === undefined) this.#onNoProcess(error);
    });
    // Not 'exit': the last messages come after it.
    child.on('close', (code, signal) => {
      if (child.pid !== undefined) this.#onEnd(service, signal === null ? { exitCode: code ?? 0 } : { signal });
    });
  }

  #onMessage(service: ServiceProcess, message: ToGuardian): void {
    switch (message?.type) {
      case 'settings':
        if (message.guardian !== undefined) this.#setLimits(message.guardian);
        else this.#unguarded = true;
        break;
      case 'ready':
        service.ready = true;
        if (this.#state === 'starting') this.#state = 'watching';
        break;
      case 'stopping':
        this.#state = 'stopping';
        break;
    }
  }

  /** The config of a replacement may be another one; the deaths so far count on when the limits have stayed. */
  #setLimits(settings: GuardianSettings): void {
    if (JSON.stringify(settings) === JSON.stringify(this.#settings)) return;
    this.#settings = settings;
    const { restarts: max, ...waits } = settings;
    this.#policy = new RestartPolicy({ max, ...waits });
  }

  #onEnd(service: ServiceProcess, end: ProcessEnd): void {
    this.#service = undefined;
    if (this.#unguarded && this.#state === 'starting' && end.exitCode === exitCodes.ok) {
      this.#over.resolve(unguarded);
      return;
    }
    const upMs = Math.round(this.#clock.nowMs() - service.startedMs);
    const previous = { pid: service.child.pid ?? 0, ...end, upMs, ready: service.ready, deaths: this.#deaths + 1 };
    // Told by the system itself: a Ctrl-C before it listened for one, the quit key, a hangup.
    const asked = end.signal !== undefined && (isStopSignal(end.signal) || service.heard.has(end.signal));
    if (this.#state === 'watching' && !asked) {
      this.#deaths++;
      this.#startAgain(`the service process (pid ${previous.pid}) ${endText(previous)}`, previous);
      return;
    }
    if (end.signal !== undefined && !asked && this.#timer === undefined) {
      this.#say(`the service process (pid ${previous.pid}) ${endText(previous)}`);
    }
    const endedByUs = end.signal === 'SIGKILL' && this.#timer !== undefined;
    this.#over.resolve(endedByUs ? stopSignals[this.#stopSignal ?? 'SIGTERM'] : exitCodeOf(end));
  }

  /** The system has no process to give. */
  #onNoProcess(error: Error): void {
    this.#service = undefined;
    const what = `no service process could be started: ${error.message}`;
    if (this.#state === 'watching') {
      this.#deaths++;
      this.#startAgain(what, { pid: 0, exitCode: exitCodes.failed, upMs: 0, ready: false, deaths: this.#deaths });
      return;
    }
    this.#say(what);
    this.#over.resolve(exitCodes.failed);
  }

  #startAgain(what: string, previous: PreviousProcess): void {
    const { max, windowMs, backoffFirstMs } = this.#policy.limits;
    const ownMs = this.#policy.onDeath(this.#clock.nowMs());
    // What a start has just tripped over is rarely gone at once.
    const waitMs = previous.ready ? ownMs : Math.max(ownMs, backoffFirstMs);
    const within = formatDuration(windowMs);
    if (waitMs === 0) {
      this.#say(`${what}; starting it again (${this.#policy.deaths} of ${max} in ${within})`);
      this.#start(previous);
      return;
    }
    const many = ownMs > 0 ? `; it keeps dying (over ${max} in ${within})` : '';
    this.#say(`${what}${many}; starting it again in ${formatDuration(waitMs)}`);
    this.#timer = this.#clock.setTimer(waitMs, () => {
      this.#timer = undefined;
      this.#start(previous);
    });
  }

  #onStopSignal(signal: StopSignal): void {
    this.#state = 'stopping';
    this.#stopSignal = signal;
    const service = this.#service;
    if (service === undefined) {
      this.#say(`${signal}: stopped; no service process ran`);
      this.#over.resolve(exitCodes.ok);
      return;
    }
    // By message and not as a signal: a Ctrl-C has reached it already, and must not count as two (stop-signals.ts). One that
    // still starts gets it as soon as it can stop.
    const message: ToService = { type: 'signal', signal };
    service.child.send(message, () => {});
    const asked = this.#stopCount.hear();
    if (asked < 2) return;
    // It ends by itself, at once, unless its main thread hangs or a thread is deep in native code.
    const kill = (): void => void service.child.kill('SIGKILL');
    if (this.#timer === undefined) this.#timer = this.#clock.setTimer(endAtOnceMs, kill);
    else kill();
  }

  #passOn(signal: NodeJS.Signals): void {
    const service = this.#service;
    // Without a terminal it asks for a reload; one that starts reads the config anyway, and would not live through it.
    if (signal === 'SIGHUP' && !isatty(0) && service?.ready !== true) return;
    if (service === undefined) {
      // A terminal that was closed, the quit key: they would have ended it.
      if (signal === 'SIGHUP' || signal === 'SIGQUIT') this.#over.resolve(exitCodeOf({ signal }));
      return;
    }
    service.heard.add(signal);
    service.child.kill(signal);
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #say(sentence: string): void {
    // The dead process's status line may still stand below the cursor (status.ts).
    const clear = process.stderr.isTTY ? '\r\x1b[J' : '';
    process.stderr.write(`${clear}heddle: ${sentence}\n`);
  }
}

function isStopSignal(signal: NodeJS.Signals): signal is StopSignal {
  return Object.hasOwn(stopSignals, signal);
}
