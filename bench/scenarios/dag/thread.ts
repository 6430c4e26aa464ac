// StrategyThread: what a service's thread gives the fibers of its requests, without requests: clock, timer wheel, the
// board on which it writes who is on the stack, and the strategies of a module, loaded, counted and traced as in a service.

import { limitBytes, nodesOf } from '../../../dag/host/loaded-set.ts';
import type { ThreadBirth } from '../../../dag/host/messages.ts';
import { hostStrategies } from '../../../dag/host/thread-strategies.ts';
import { loadStrategies } from '../../../dag/load/load-strategies.ts';
import { formatProblems } from '../../../document/format-problems.ts';
import { systemClock, systemRandom } from '../../../runtime/clock.ts';
import { Fiber } from '../../../runtime/fiber/fiber.ts';
import type { FiberCalls, FiberHost, FiberOrigin, HostedFiber } from '../../../runtime/fiber/host.ts';
import type { Logger } from '../../../runtime/logger.ts';
import { Board } from '../../../runtime/shared/board.ts';
import { StrategyCounters } from '../../../runtime/shared/strategy-counters.ts';
import type { StrategyThread as HostedStrategies } from '../../../runtime/strategies.ts';
import { TimerWheel } from '../../../runtime/timer-wheel.ts';

/** Of the thread, on its board. */
const threadNumber = 1;
/** Of the handler that runs a strategy. */
const methodIndex = 1;

const ignore = (): void => {};
const silent: Logger = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  fatal: ignore,
  isLevelEnabled: () => false,
  child: () => silent,
};

const refuse = (): Promise<never> => Promise.reject(new Error('nothing in the scenario dag calls'));
const noCalls: FiberCalls = { call: refuse, send: refuse, offload: refuse };

export class StrategyThread implements AsyncDisposable {
  readonly #host: FiberHost;
  readonly #timers: TimerWheel;
  readonly #strategies: HostedStrategies;
  readonly #board = new Board();

  private constructor(strategies: HostedStrategies) {
    this.#strategies = strategies;
    this.#timers = new TimerWheel({ clock: systemClock });
    this.#host = {
      clock: systemClock,
      timers: this.#timers,
      log: silent,
      pool: 'bench',
      calls: noCalls,
      strategies,
      nextTurn: (target) => void setImmediate(() => target.onTurn()),
    };
  }

  static async load(moduleUrl: string): Promise<StrategyThread> {
    const { definitions, problems } = await loadStrategies([{ kind: 'module', moduleUrl, shown: moduleUrl }]);
    if (problems.length > 0) throw new Error(formatProblems(problems));
    const birth: ThreadBirth = {
      set: { version: 1, definitions },
      memory: {
        counters: StrategyCounters.allocate(nodesOf(definitions)),
        limits: new SharedArrayBuffer(limitBytes(definitions)),
      },
      levels: {},
    };
    const host = { name: 'bench', clock: systemClock, random: systemRandom, log: silent, tell: ignore };
    return new StrategyThread(await hostStrategies(birth, host));
  }

  /** Runs `body` as the fiber of a request; its value, or what it threw. */
  run<Value>(body: (fiber: Fiber) => Promise<Value>): Promise<Value> {
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    const ended = ({ exit }: HostedFiber): void => {
      if (exit?.how === 'returned') resolve(exit.value as Value);
      else reject(exit?.error);
    };
    new Fiber(this.#host, this.#originOf(ended), systemClock.nowMs()).start(body);
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#strategies.close();
    this.#timers.close();
  }

  #originOf(ended: (root: HostedFiber) => void): FiberOrigin {
    return {
      name: 'bench.Dag/run',
      deadlineMs: Number.POSITIVE_INFINITY,
      priority: 1,
      traceWords: undefined,
      traceFlags: 0,
      metadataSource: noMetadata,
      metadataStart: 0,
      metadataEnd: 0,
      depth: 0,
      asyncContext: false,
      entering: (fiber) => this.#board.setRunning(threadNumber, methodIndex, fiber.id, 0, systemClock.nowMs()),
      stopping: ignore,
      isWanted: () => true,
      ended,
    };
  }
}

const noMetadata = Buffer.alloc(0);
