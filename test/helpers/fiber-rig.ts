// FiberRig: a thread for fibers under test: virtual clock, real wheel, a log that is kept, calls that a test provides.

import type { FiberExit } from '../../runtime/fiber/context.ts';
import { Fiber } from '../../runtime/fiber/fiber.ts';
import type { FiberCalls, FiberHost, FiberOrigin, HostedFiber, TurnTarget } from '../../runtime/fiber/host.ts';
import type { Logger } from '../../runtime/logger.ts';
import { encodeMetadata } from '../../runtime/metadata.ts';
import { TimerWheel } from '../../runtime/timer-wheel.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface RunOptions {
  name?: string;
  deadlineMs?: number;
  priority?: number;
  traceWords?: Uint32Array;
  metadata?: Record<string, string>;
  asyncContext?: boolean;
  calls?: Partial<FiberCalls>;
  isWanted?: () => boolean;
}

/** One root under way. */
export interface Run {
  readonly fiber: Fiber;
  /** Set once it has ended, by the origin's `ended`. */
  exit: FiberExit<unknown> | undefined;
}

export class FiberRig {
  readonly clock = new VirtualClock();
  readonly timers = new TimerWheel({ clock: this.clock });
  /** `error a finalizer of …`, in order. */
  readonly logged: string[] = [];
  /** Names of the fibers whose code was about to run, in order. */
  readonly entered: string[] = [];

  start(run: (fiber: Fiber) => unknown, options: RunOptions = {}): Run {
    const metadata = encodeMetadata(Object.entries(options.metadata ?? {}));
    const origin: FiberOrigin = {
      name: options.name ?? 'root',
      deadlineMs: options.deadlineMs ?? Number.POSITIVE_INFINITY,
      priority: options.priority ?? 1,
      traceWords: options.traceWords,
      traceFlags: options.traceWords === undefined ? 0 : 1,
      metadataSource: metadata,
      metadataStart: 0,
      metadataEnd: metadata.length,
      depth: 0,
      asyncContext: options.asyncContext ?? false,
      entering: (fiber) => this.entered.push(fiber.name),
      stopping: () => {},
      isWanted: options.isWanted ?? (() => true),
      ended: (fiber) => this.#ended(started, fiber),
    };
    const fiber = new Fiber(this.#host(options.calls), origin, this.clock.nowMs());
    const started: Run = { fiber, exit: undefined };
    fiber.start(run);
    return started;
  }

  /** Runs a root to its end, as far as virtual time takes it. Throws when it is still blocked then. */
  async outcome(run: (fiber: Fiber) => unknown, options?: RunOptions): Promise<FiberExit<unknown>> {
    const started = this.start(run, options);
    await this.clock.runAll();
    if (started.exit === undefined) throw new Error(`still ${JSON.stringify(started.fiber.state)}`);
    return started.exit;
  }

  /** The value of a root that returns. */
  async value(run: (fiber: Fiber) => unknown, options?: RunOptions): Promise<unknown> {
    const exit = await this.outcome(run, options);
    if (exit.how !== 'returned') throw exit.error;
    return exit.value;
  }

  #ended(started: Run, fiber: HostedFiber): void {
    if (started.exit !== undefined) throw new Error('ended twice');
    started.exit = fiber.exit;
  }

  #host(calls: Partial<FiberCalls> | undefined): FiberHost {
    const unexpected = (): never => {
      throw new Error('this test expects no calls');
    };
    return {
      clock: this.clock,
      timers: this.timers,
      log: this.#logger(),
      pool: 'test',
      calls: { call: unexpected, send: unexpected, offload: unexpected, ...calls },
      nextTurn: (target: TurnTarget) => void this.clock.setTimer(0, () => target.onTurn()),
    };
  }

  #logger(): Logger {
    const at = (level: string) => (_fields: object, message: string) => void this.logged.push(`${level} ${message}`);
    const logger: Logger = {
      trace: at('trace'),
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      fatal: at('fatal'),
      isLevelEnabled: () => true,
      child: () => logger,
    };
    return logger;
  }
}
