// ThreadStrategies: the strategies of one thread: `fiber.run` ends here. Main tells it which set to use; a run keeps the
// set that it began with. Counts, reports and traces what runs did.

import { HeddleError } from '../../runtime/errors.ts';
import { callDeadlineOf } from '../../runtime/fiber/call-deadline.ts';
import type { FiberContext, RunOptions } from '../../runtime/fiber/context.ts';
import type { HostedFiber } from '../../runtime/fiber/host.ts';
import { rejected } from '../../runtime/fiber/wait.ts';
import { didYouMean } from '../../runtime/nearest.ts';
import type { StrategyThread, StrategyThreadHost } from '../../runtime/strategies.ts';
import { ThreadSignals } from '../degrade/thread-signals.ts';
import type { Assignment, Exposure } from '../experiment/assignment.ts';
import { parametersSlot } from '../graph/scope.ts';
import { DataBudget } from '../run/bounded-data.ts';
import { FiberRun, type Runner } from '../run/fiber-run.ts';
import { traceOf } from '../run/trace-of.ts';
import { countRun } from './count-run.ts';
import { LoadedSet, type LoadedStrategy } from './loaded-set.ts';
import type { FromStrategies, ThreadBirth, ToStrategies } from './messages.ts';
import { reportRun } from './run-report.ts';
import { TraceKeeper } from './trace-keeper.ts';
import { sizeOf } from './trace-store.ts';

/** Metadata of a request by which a caller asks for a trace of its runs; `values`: with what nodes gave. */
export const traceKey = 'strategy-trace';

/** How often signals and breakers are looked at, ms. */
const tickMs = 1000;
/** What one node throws is told so often at most, ms. */
const thrownToldMs = 1000;
/** One expression of an experiment that fails is told so often at most, ms. */
const failureToldMs = 60_000;
/** Sets that are kept while runs of them may be under way or that are offered: the one in use, and the next. */
const offersMax = 4;

/** Where the thread does not say how busy it is. */
const unknownLoop = { active: Number.NaN, idle: Number.NaN };

const noExposures: readonly Exposure[] = [];

export async function hostStrategies(birth: unknown, thread: StrategyThreadHost): Promise<StrategyThread> {
  const { set, memory, levels } = birth as ThreadBirth;
  const signals = new ThreadSignals();
  const loaded = await LoadedSet.load(set, memory, undefined, signals, thread.clock);
  return new ThreadStrategies(thread, loaded, signals, levels);
}

class ThreadStrategies implements StrategyThread {
  readonly #thread: StrategyThreadHost;
  readonly #signals: ThreadSignals;
  #set: LoadedSet;
  /** Loaded and not yet used. */
  readonly #offers = new Map<number, LoadedSet>();
  /** Versions that are being loaded and were not taken back. */
  readonly #loading = new Set<number>();
  /** Of each set, who starts its runs. */
  #runner: SetRunner;
  #timer: unknown;
  #toldLevels = '[]';
  /** Levels set by hand, also of strategies that come with a later set. */
  readonly #levels: Map<string, number>;

  constructor(
    thread: StrategyThreadHost,
    set: LoadedSet,
    signals: ThreadSignals,
    levels: Readonly<Record<string, number>>,
  ) {
    this.#thread = thread;
    this.#signals = signals;
    this.#set = set;
    this.#levels = new Map(Object.entries(levels));
    this.#setLevels();
    this.#runner = new SetRunner(set, thread);
    this.#watch();
    this.#tellLevels();
  }

  run(fiber: HostedFiber, strategy: string, request: unknown, options: RunOptions | undefined): Promise<unknown> {
    return this.#runner.run(fiber, strategy, request, options, false);
  }

  onQueueDelay(delayMs: number): void {
    // While nobody looks, nobody empties the sum.
    if (this.#timer !== undefined) this.#signals.addQueueDelay(delayMs);
  }

  onMessage(message: unknown): void {
    const told = message as ToStrategies;
    switch (told.say) {
      case 'offer':
        void this.#load(told);
        break;
      case 'use':
        this.#use(told.version);
        break;
      case 'withdraw':
        this.#loading.delete(told.version);
        this.#offers.delete(told.version);
        break;
      case 'level':
        if (told.level === undefined) this.#levels.delete(told.strategy);
        else this.#levels.set(told.strategy, told.level);
        this.#setLevels();
        this.#tellLevels();
        break;
      case 'call':
        this.#tell({ say: 'here', call: told.call });
        break;
    }
  }

  close(): void {
    if (this.#timer !== undefined) this.#thread.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  async #load({ set, memory }: ToStrategies & { say: 'offer' }): Promise<void> {
    const { version } = set;
    this.#loading.add(version);
    try {
      const loaded = await LoadedSet.load(set, memory, this.#set, this.#signals, this.#thread.clock);
      // Taken back, or overtaken by a later version.
      if (!this.#loading.has(version) || version < this.#set.version) return;
      if (this.#offers.size >= offersMax) this.#offers.delete(this.#offers.keys().next().value!);
      this.#offers.set(version, loaded);
      this.#tell({ say: 'loaded', version });
    } catch (reason) {
      this.#tell({ say: 'refused', version, why: reason instanceof Error ? reason.message : String(reason) });
    } finally {
      this.#loading.delete(version);
    }
  }

  #use(version: number): void {
    const loaded = this.#offers.get(version);
    if (loaded === undefined) {
      this.#thread.log.error(
        { version, inUse: this.#set.version },
        'a version of strategies is to be used that this thread has not loaded; the one before stays in use here',
      );
      this.#tell({ say: 'missing', version, inUse: this.#set.version });
      return;
    }
    // A later one may wait already until all threads have loaded it.
    for (const offered of this.#offers.keys()) if (offered <= version) this.#offers.delete(offered);
    this.#set = loaded;
    this.#setLevels();
    this.#runner = new SetRunner(loaded, this.#thread);
    this.#watch();
    this.#tellLevels();
  }

  #setLevels(): void {
    const nowMs = this.#thread.clock.nowMs();
    for (const [name, { control }] of this.#set.strategies) control.setManual(this.#levels.get(name), nowMs);
  }

  /** A timer, while something has to be looked at. */
  #watch(): void {
    const isWatched = [...this.#set.strategies.values()].some((strategy) => strategy.isWatched);
    if (!isWatched) this.close();
    else this.#timer ??= this.#thread.clock.setTimer(tickMs, this.#tick);
  }

  readonly #tick = (): void => {
    const { clock } = this.#thread;
    const nowMs = clock.nowMs();
    this.#timer = clock.setTimer(tickMs, this.#tick);
    this.#signals.tick(this.#thread.eventLoopUtilization?.() ?? unknownLoop);
    for (const strategy of this.#set.strategies.values()) {
      if (!strategy.isWatched) continue;
      let open = 0;
      for (const { index, breaker } of strategy.graph.nodes) {
        if (breaker === undefined) continue;
        const isOpen = breaker.state(nowMs) === 'open' ? 1 : 0;
        this.#set.counters.setNode(strategy.index, index, 'breakerOpen', isOpen);
        open += isOpen;
      }
      strategy.signals.tick(strategy.control, open, nowMs);
    }
    this.#tellLevels();
  };

  /** Main hears of levels when they change. */
  #tellLevels(): void {
    const nowMs = this.#thread.clock.nowMs();
    const raised = [...this.#set.strategies].filter(([, { control }]) => control.standing > 0);
    const standing = JSON.stringify(raised.map(([name, { control }]) => [name, control.standing]));
    if (standing === this.#toldLevels) return;
    this.#toldLevels = standing;
    this.#tell({
      say: 'levels',
      why: Object.fromEntries(raised.map(([name, { control }]) => [name, control.why(nowMs)])),
    });
  }

  #tell(message: FromStrategies): void {
    this.#thread.tell(message);
  }
}

/** Starts and ends the runs of one set. */
class SetRunner implements Runner {
  readonly #set: LoadedSet;
  readonly #thread: StrategyThreadHost;
  readonly #keepers = new Map<LoadedStrategy, TraceKeeper>();
  readonly #told = new Map<string, number>();

  constructor(set: LoadedSet, thread: StrategyThreadHost) {
    this.#set = set;
    this.#thread = thread;
  }

  run(
    fiber: HostedFiber,
    name: string,
    request: unknown,
    options: RunOptions | undefined,
    isNested: boolean,
  ): Promise<unknown> {
    const strategy = this.#set.strategies.get(name);
    if (strategy === undefined) return rejected(noSuchStrategy(name, [...this.#set.strategies.keys()]));
    const { graph, bodies, control, limits, check } = strategy;
    const nowMs = fiber.nowMs();
    try {
      if (!check.fits(request)) throw unfit(name, check.problemOf(request), fiber, isNested);
      const deadlineMs = callDeadlineOf(fiber, options?.timeoutMs);
      const { random } = this.#thread;
      const level = control.level(nowMs, limits);
      return new FiberRun(fiber, graph, request, { bodies, random, runner: this, level, deadlineMs }).begin();
    } catch (reason) {
      return rejected(HeddleError.from(reason));
    }
  }

  runNested(fiber: FiberContext, strategy: string, request: unknown): Promise<unknown> {
    // The fiber of a node is one of this thread's.
    return this.run(fiber as HostedFiber, strategy, request, undefined, true);
  }

  nodeThrew({ graph, fiber }: FiberRun, node: string, error: HeddleError): void {
    if (!this.#mayTell(`threw ${node}`, thrownToldMs)) return;
    const traceId = fiber.trace?.traceId;
    this.#thread.log.error({ strategy: graph.name, node, err: error.cause, traceId }, `node ${node} threw`);
  }

  nodesAbandoned({ graph }: FiberRun, nodes: readonly string[]): void {
    for (const node of nodes) {
      if (!this.#mayTell(`abandoned ${node}`, failureToldMs)) continue;
      const why = 'was told to stop and goes on; nobody waits for it any more. Give what it awaits fiber.signal';
      this.#thread.log.warn({ strategy: graph.name, node }, `node ${node} ${why}`);
    }
  }

  /** Whether something is told, which is told once in `everyMs`. */
  #mayTell(key: string, everyMs: number): boolean {
    const nowMs = this.#thread.clock.nowMs();
    if (nowMs - (this.#told.get(key) ?? Number.NEGATIVE_INFINITY) < everyMs) return false;
    this.#told.set(key, nowMs);
    return true;
  }

  runEnded(run: FiberRun): void {
    const strategy = this.#set.strategies.get(run.graph.name)!;
    const { core, fiber } = run;
    const nowMs = run.nowMs();
    // Granted or failed by nobody yet, and over: whoever asked was told to stop.
    const cancelled = !run.waiting;
    countRun(this.#set.counters, strategy, core, nowMs, cancelled);
    if (cancelled) return;
    const failed = core.outcome.how === 'failed';
    strategy.signals.runEnded(nowMs - core.startMs, failed);
    const exposures = this.#exposures(run);
    reportRun(run, exposures);
    const asked = fiber.origin.metadataEnd > fiber.origin.metadataStart ? fiber.metadata.get(traceKey) : undefined;
    const isRemarkable = failed || core.marks !== undefined;
    if (!this.#keeperOf(strategy).wants(asked !== undefined, isRemarkable, nowMs)) return;
    const { clock } = this.#thread;
    const startedAt = clock.wallMs() - (nowMs - core.startMs);
    const bounds = new DataBudget();
    const { version } = this.#set;
    const trace = traceOf(core, nowMs, { version, startedAt, values: asked === 'values', bounds });
    this.#thread.tell({ say: 'trace', trace, size: sizeOf(trace, bounds) } satisfies FromStrategies);
  }

  /** Logs what was shown of experiments to whom, and what failed in deciding it. */
  #exposures({ core, graph, fiber }: FiberRun): readonly Exposure[] {
    if (graph.experiments === undefined) return noExposures;
    const assignment = core.values[parametersSlot] as Assignment<readonly unknown[]>;
    for (const { layer, expression, message } of assignment.failures()) {
      if (!this.#mayTell(`${graph.name} ${layer} ${expression}`, failureToldMs)) continue;
      this.#thread.log.warn({ strategy: graph.name, layer, expression }, `no experiments of this layer: ${message}`);
    }
    const exposures = assignment.exposures();
    if (exposures.length > 0) {
      const traceId = fiber.trace?.traceId;
      this.#thread.log.info({ strategy: graph.name, version: this.#set.version, exposures, traceId }, 'exposed');
    }
    return exposures;
  }

  #keeperOf(strategy: LoadedStrategy): TraceKeeper {
    let keeper = this.#keepers.get(strategy);
    if (keeper === undefined) {
      keeper = new TraceKeeper();
      this.#keepers.set(strategy, keeper);
    }
    return keeper;
  }
}

/** The caller's mistake, or that of the strategy whose node made the request. */
function unfit(name: string, problem: string, node: FiberContext, isNested: boolean): HeddleError {
  if (!isNested) return new HeddleError('INVALID_ARGUMENT', `${name}: ${problem}`, { retry: 'no' });
  return new HeddleError('INTERNAL', `${node.name}: its input is no request of ${name}: ${problem}`, { retry: 'no' });
}

function noSuchStrategy(name: string, names: readonly string[]): HeddleError {
  return new HeddleError('NOT_FOUND', `there is no strategy ${name}${didYouMean(name, names)}`, { retry: 'no' });
}
