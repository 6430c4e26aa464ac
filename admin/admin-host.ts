// AdminHost (main thread): makes the admin thread, keeps it informed, does what only main can do when the admin asks for
// it, and makes another one when it has died or hangs.
//
//   idle      Left by `start`.
//   starting  its thread is coming up. Left when it listens, or by `stop`.
//   serving   Left by its thread's death, or by `stop`.
//   waiting   its thread has died; the next one comes after a wait. Left by the wait's end, or by `stop`.
//   stopped   for good.

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Clock } from '../runtime/clock.ts';
import { type ErrorCode, HeddleError } from '../runtime/errors.ts';
import type { LogWorkerSide } from '../runtime/log/thread-logger.ts';
import type { Logger } from '../runtime/logger.ts';
import { moduleUrl } from '../runtime/module-url.ts';
import type { PluginModule } from '../runtime/plugins/plan.ts';
import { type RestartLimits, RestartPolicy } from '../runtime/restart-policy.ts';
import type { AdminSettings, Settings } from '../runtime/settings.ts';
import { formatDuration } from '../runtime/units.ts';
import type {
  AboutProcess,
  AdminFacts,
  AdminMemory,
  AdminThreadData,
  FromAdmin,
  MainAct,
  Served,
  ThreadCounterMemory,
  ThreadSample,
  ToAdmin,
} from './messages.ts';

/** How often main looks whether there is something new to tell, ms; what cannot wait is told at once. */
const lookMs = 250;
/** How often it tells samples, and so that it lives, ms. */
const sampleMs = 1_000;
/** An admin that has not read a message for so long hangs, and is ended, ms. */
const hangMs = 10_000;
/** When a dead admin thread is followed by another. */
const restartLimits: RestartLimits = { max: 3, windowMs: 60_000, backoffFirstMs: 1_000, backoffMaxMs: 30_000 };
/** How long the thread may take from its making to listening, ms: longer than its plugins have to install. */
const startBoundMs = 30_000;
/** How long the thread may take to end once it was told to: its plugins dispose, ms. */
const stopMs = 1_000;
/** V8's heap limit of the thread. */
const heapMb = 256;

export interface AdminHostOptions {
  admin: AdminSettings;
  /** In force when the thread is made. */
  settings(): Settings;
  configText: string | undefined;
  /** As AdminThreadData's. */
  configFile?: string | undefined;
  about: AboutProcess;
  memory: AdminMemory;
  /** Known when the admin starts. */
  plugins(): readonly PluginModule[];
  facts(): AdminFacts;
  samples(): ThreadSample[];
  /** Numbers of the threads that take requests. */
  going(): Iterable<number>;
  /** Of a number whose thread goes. */
  counters(number: number): ThreadCounterMemory;
  /** Gives a going thread its end of a channel on which it is asked about itself; closes it when it can't. */
  connect(number: number, port: MessagePort): void;
  /** May throw HeddleError, which the operator sees. */
  act(act: MainAct): unknown;
  attachLog(): { side: LogWorkerSide; detach: () => void };
  /** How long the thread may take from its making to listening, ms. Default: 30,000. */
  startMs?: number | undefined;
  clock: Clock;
  log: Logger;
}

type State = 'idle' | 'starting' | 'serving' | 'waiting' | 'stopped';

export class AdminHost {
  readonly #options: AdminHostOptions;
  readonly #counters = new Map<number, ThreadCounterMemory>();
  #state: State = 'idle';
  #ip = '';
  #port: number;
  #worker: Worker | undefined;
  readonly #restarts = new RestartPolicy(restartLimits);
  #timer: unknown;
  #served: Served | undefined;
  /** What was told last, as JSON. */
  #told = '';
  #sampledMs = Number.NEGATIVE_INFINITY;
  #lookedMs = 0;
  /** When the message was sent that the admin has not read yet; undefined: it has read all. */
  #unseenMs: number | undefined;
  /** There may be news, and the last message is not read yet. */
  #owes = false;
  #touched = false;

  constructor(options: AdminHostOptions) {
    this.#options = options;
    this.#port = options.admin.port;
  }

  /** Where it listens, as `http://127.0.0.1:7199`; undefined: nowhere yet. */
  get address(): string | undefined {
    if (this.#state === 'idle' || this.#port === 0) return undefined;
    const { host } = this.#options.admin;
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.#port}`;
  }

  /** The admin thread that lives now. */
  get thread(): Worker | undefined {
    return this.#worker;
  }

  /**
   * Resolves when it listens. Throws FAILED_PRECONDITION when the address can't be had, DEADLINE_EXCEEDED when the thread
   * does not listen in time.
   */
  async start(): Promise<void> {
    const { admin, clock } = this.#options;
    this.#state = 'starting';
    this.#ip = await resolved(admin.host);
    await this.#spawn(admin.port, admin.portIsDefault);
    this.#lookedMs = clock.nowMs();
    this.#again();
  }

  /** The process serves: logs where it is asked about itself. */
  announce(): void {
    const { admin, log } = this.#options;
    if (admin.port !== 0 && this.#port !== admin.port) {
      log.warn({ address: this.address, taken: admin.port }, 'the default port of the admin is taken: it has another');
    } else {
      log.debug({ address: this.address }, 'the admin listens');
    }
  }

  /** A thread goes. */
  onGoing(number: number): void {
    if (!this.#counters.has(number)) {
      const memory = this.#options.counters(number);
      this.#counters.set(number, memory);
      this.#post({ type: 'counters', number, memory });
    }
    this.#connect(number);
    this.touch();
  }

  /** All modules have loaded, and it is known where they are served. */
  onServed(served: Served): void {
    this.#served = served;
    this.#post({ type: 'served', served });
    this.touch();
  }

  /** A reload has changed them. */
  onSettings(settings: Settings): void {
    this.#post({ type: 'settings', settings });
  }

  /** Something has changed that operators should see at once. */
  touch(): void {
    if (this.#touched) return;
    this.#touched = true;
    setImmediate(() => {
      this.#touched = false;
      this.#tell();
    });
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    if (this.#timer !== undefined) this.#options.clock.clearTimer(this.#timer);
    const worker = this.#worker;
    if (worker === undefined) return;
    const exited = new Promise<void>((resolve) => void worker.once('exit', () => resolve()));
    worker.ref();
    worker.postMessage({ type: 'stop' } satisfies ToAdmin);
    const timer = this.#options.clock.setTimer(stopMs, () => void worker.terminate());
    await exited;
    this.#options.clock.clearTimer(timer);
  }

  /** Resolves with the port that it listens on; rejects with why it does not. */
  #spawn(port: number, anyPort: boolean): Promise<number> {
    const {
      admin,
      settings,
      configText,
      configFile,
      about,
      memory,
      attachLog,
      startMs = startBoundMs,
      clock,
      log,
    } = this.#options;
    const { side, detach } = attachLog();
    const workerData: AdminThreadData = {
      host: this.#ip,
      port,
      anyPort,
      hostName: admin.host,
      about,
      settings: settings(),
      configText,
      configFile,
      memory,
      plugins: this.#options.plugins(),
      log: side,
    };
    // Without the process's own flags: a preloaded module has no business here.
    const worker = new Worker(moduleUrl('./admin-thread', import.meta.url), {
      name: 'heddle admin',
      workerData,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
    });
    this.#worker = worker;
    this.#unseenMs = undefined;
    this.#told = '';
    this.#sampledMs = Number.NEGATIVE_INFINITY;
    worker.on('error', (error: unknown) => log.error({ err: error }, 'the admin thread failed'));
    return new Promise((resolve, reject) => {
      // A plugin that never gives its thread back hangs it before any bound of its own could run.
      const timer = clock.setTimer(startMs, () => {
        const what = `the admin thread did not listen within ${formatDuration(startMs)}; does a plugin hang in install?`;
        reject(new HeddleError('DEADLINE_EXCEEDED', what));
        void worker.terminate();
      });
      worker.on('exit', () => {
        clock.clearTimer(timer);
        detach();
        if (this.#worker === worker) this.#worker = undefined;
        reject(new HeddleError('UNAVAILABLE', 'the admin thread ended before it listened; see the log'));
        if (this.#state === 'serving') this.#restart();
      });
      worker.on('message', (message: FromAdmin) => {
        switch (message.type) {
          case 'listening':
            clock.clearTimer(timer);
            if (this.#state === 'stopped') break;
            this.#port = message.port;
            this.#state = 'serving';
            // It answers for a process that lives; it does not keep it alive.
            worker.unref();
            this.#introduce();
            resolve(message.port);
            break;
          case 'failed':
            reject(new HeddleError(message.code as ErrorCode, message.message));
            void worker.terminate();
            break;
          case 'seen':
            this.#unseenMs = undefined;
            if (this.#owes) this.#tell();
            break;
          case 'ask':
            void this.#act(message.id, message.act, message.untilMs);
            break;
        }
      });
    });
  }

  /** All that a new thread must know. */
  #introduce(): void {
    for (const [number, memory] of this.#counters) this.#post({ type: 'counters', number, memory });
    if (this.#served !== undefined) this.#post({ type: 'served', served: this.#served });
    for (const number of this.#options.going()) this.#connect(number);
    this.#tell();
  }

  #connect(number: number): void {
    if (this.#state !== 'serving') return;
    const { port1, port2 } = new MessageChannel();
    this.#options.connect(number, port1);
    this.#worker?.postMessage({ type: 'thread', number, port: port2 } satisfies ToAdmin, [port2]);
  }

  #restart(): void {
    const { clock, log, admin } = this.#options;
    this.#state = 'waiting';
    const waitMs = this.#restarts.onDeath(clock.nowMs());
    log.error({ waitMs }, 'the admin thread has died; there will be another');
    const timer = clock.setTimer(waitMs, () => {
      if (this.#state !== 'waiting') return;
      // The port that operators know; any other only if nobody chose it.
      this.#spawn(this.#port, admin.portIsDefault || admin.port === 0).then(
        () => log.warn({ address: this.address }, 'the admin listens again'),
        (error: unknown) => {
          if (this.#state === 'stopped') return;
          log.error({ err: error }, 'the admin did not come up again');
          this.#restart();
        },
      );
    });
    (timer as Partial<NodeJS.Timeout>).unref?.();
  }

  #again(): void {
    const { clock } = this.#options;
    this.#timer = clock.setTimer(lookMs, () => {
      const nowMs = clock.nowMs();
      // Main was held up itself: what the admin has answered meanwhile is not read yet.
      const isLate = nowMs - this.#lookedMs > 4 * lookMs;
      this.#lookedMs = nowMs;
      if (!isLate) this.#endHanging(nowMs);
      this.#tell();
      this.#again();
    });
    (this.#timer as Partial<NodeJS.Timeout>).unref?.();
  }

  #endHanging(nowMs: number): void {
    if (this.#state !== 'serving' || this.#unseenMs === undefined || nowMs - this.#unseenMs < hangMs) return;
    this.#options.log.error({ forMs: Math.round(nowMs - this.#unseenMs) }, 'the admin thread hangs; it is ended');
    void this.#worker?.terminate();
  }

  /** Tells what has changed. Nothing while the last message is not read, unless an operator waits for it. */
  #tell(atOnce = false): void {
    if (this.#state !== 'serving') return;
    this.#owes = this.#unseenMs !== undefined && !atOnce;
    if (this.#owes) return;
    const nowMs = this.#options.clock.nowMs();
    const facts = this.#options.facts();
    const told = JSON.stringify(facts);
    const isNew = told !== this.#told;
    const isTime = nowMs - this.#sampledMs >= sampleMs;
    if (!isNew && !isTime) return;
    this.#told = told;
    if (isTime) this.#sampledMs = nowMs;
    this.#unseenMs ??= nowMs;
    const samples = isTime ? this.#options.samples() : undefined;
    this.#post({ type: 'facts', facts: isNew ? facts : undefined, samples });
  }

  async #act(id: number, act: MainAct, untilMs: number): Promise<void> {
    // Whoever asked was told by now that nothing was done.
    if (this.#options.clock.nowMs() > untilMs) return;
    this.#post({ type: 'begun', id });
    try {
      const answer = await this.#options.act(act);
      // First what it has changed: who has the answer and asks again must see it.
      this.#tell(true);
      this.#post({ type: 'answer', id, answer });
    } catch (reason) {
      const { code, message } = HeddleError.from(reason, `it failed: ${reason}`);
      this.#post({ type: 'refusal', id, code, message });
    }
  }

  #post(message: ToAdmin): void {
    if (this.#state === 'serving') this.#worker?.postMessage(message);
  }
}

/** By name once, on main, which may wait for libuv's pool. */
async function resolved(host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    return (await lookup(host)).address;
  } catch (reason) {
    throw new HeddleError('FAILED_PRECONDITION', `admin.address: ${host} has no IP address: ${String(reason)}`, {
      cause: reason,
    });
  }
}
