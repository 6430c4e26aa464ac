// ProcessStrategies (main): the published sets of strategies of one process: reads and checks them on a thread of its own,
// brings each new one to all threads at once, takes one back, and tells operators what runs. No request passes here.

import { isDeepStrictEqual } from 'node:util';
import { formatProblems } from '../../document/format-problems.ts';
import { findSources } from '../../document/strategy-files.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { didYouMean } from '../../runtime/nearest.ts';
import { allocateLimits } from '../../runtime/shared/process-limits.ts';
import type {
  StagedStrategies,
  StrategyProcess,
  StrategyProcessHost,
  StrategyQuestion,
  StrategySettings,
  StrategySource,
} from '../../runtime/strategies.ts';
import type { StrategyDefinition } from '../definition.ts';
import { levelsMax } from '../file/schema-degrade.ts';
import { loadInThread } from '../load/load-in-thread.ts';
import { CounterLedger } from './counter-ledger.ts';
import { drawInThread } from './draw-in-thread.ts';
import { limitBytes } from './loaded-set.ts';
import type { FromStrategies, StrategySet, ThreadBirth, ToStrategies } from './messages.ts';
import { ModuleStrategies } from './module-strategies.ts';
import { RollCalls } from './roll-call.ts';
import { RollOut } from './roll-out.ts';
import { type StrategiesReport, strategyReports } from './strategy-report.ts';
import { TraceStore } from './trace-store.ts';

/** How long an answer to an operator waits until all threads do what he wanted, ms. */
const heardMaxMs = 2_000;
/** Versions that can be gone back to. */
const historyMax = 16;
/** Names of strategies that one sentence lists. */
const namesShown = 20;

interface Published extends StrategySet {
  /** Wall clock, ms since 1970. */
  readonly publishedAt: number;
  /** `start`, `publish`, `rollback to 3`. */
  readonly by: string;
  /** The version that brought these definitions: itself, or what was gone back to. */
  readonly source: number;
  readonly limits: SharedArrayBuffer;
}

/** A version, as operators see it. */
export interface VersionReport {
  readonly version: number;
  readonly publishedAt: string;
  readonly by: string;
  readonly inUse: boolean;
  readonly strategies: readonly string[];
}

/** Part of the answer to what changes how requests run. */
export interface InForce {
  /** Numbers of the threads that were too busy to take it in yet; they do as soon as they can. Absent: all have. */
  readonly late?: readonly number[];
}

interface Thread {
  /** The set that it was born with or was told last to use. */
  version: number;
  isGoing: boolean;
  /** Levels set by hand since it was born and before it listens: the strategies. */
  readonly missedLevels: Set<string>;
  /** It ends with the set that it has: threads with other code have taken its place. */
  isLeft: boolean;
}

/** StrategyProcessModule. */
export async function openStrategies(settings: StrategySettings, host: StrategyProcessHost): Promise<StrategyProcess> {
  return new ProcessStrategies(settings, host, await load(settings, host, undefined));
}

async function load(
  settings: StrategySettings,
  { pools }: StrategyProcessHost,
  previous: readonly StrategyDefinition[] | undefined,
): Promise<StrategyDefinition[]> {
  const known = { pools: new Set(pools), ...(previous === undefined ? {} : { previous }) };
  const { definitions, problems } = await loadInThread(sourcesNow(settings), known);
  if (problems.length === 0) return definitions;
  throw new HeddleError('FAILED_PRECONDITION', formatProblems(problems), { retry: 'no' });
}

/** New files are found, and those that are gone are missed. */
function sourcesNow({ sources, find }: StrategySettings): readonly StrategySource[] {
  if (find === undefined) return sources;
  const found = findSources(find);
  const [problem] = found.problems;
  if (problem === undefined) return found.sources;
  const { index, message } = problem;
  throw new HeddleError('FAILED_PRECONDITION', `strategies, entry ${index + 1}: ${message}`, { retry: 'no' });
}

class ProcessStrategies implements StrategyProcess {
  readonly #settings: StrategySettings;
  readonly #host: StrategyProcessHost;
  readonly #ledger = new CounterLedger();
  readonly #threads = new Map<number, Thread>();
  /** The latest last; the one in use is among them. */
  readonly #history: Published[] = [];
  #used: Published;
  /** As the sources were when they were last taken over; an operator may have gone back since. */
  #read: readonly StrategyDefinition[];
  /** For threads that are being born; not in use yet. */
  #staged: Published | undefined;
  #lastVersion = 0;
  #rollOut: RollOut | undefined;
  readonly #calls = new RollCalls();
  /** One at a time. */
  #busy = false;
  #closed = false;
  readonly #levels = new Map<string, number>();
  readonly #why = new Map<string, Readonly<Record<string, readonly string[]>>>();
  readonly #traces = new TraceStore();
  readonly #modules = new ModuleStrategies();

  constructor(settings: StrategySettings, host: StrategyProcessHost, definitions: StrategyDefinition[]) {
    this.#settings = settings;
    this.#host = host;
    this.#used = this.#published(definitions, 'start');
    this.#read = definitions;
    this.#remember(this.#used);
    this.#modules.offered(definitions);
    host.log.info({ version: 1, strategies: definitions.map(({ name }) => name) }, 'strategies are read');
  }

  birth(number: number, staged = false): ThreadBirth {
    const { version, definitions, limits } = staged && this.#staged !== undefined ? this.#staged : this.#used;
    this.#threads.set(number, { version, isGoing: false, missedLevels: new Set(), isLeft: false });
    const nowMs = this.#host.clock.nowMs();
    const counters = this.#ledger.open(number, version, definitions, nowMs);
    this.#ledger.use(number, version, nowMs);
    return {
      set: { version, definitions },
      memory: { counters, limits },
      levels: Object.fromEntries(this.#levels),
    };
  }

  onGoing(number: number): void {
    const thread = this.#threads.get(number);
    if (thread === undefined) return;
    thread.isGoing = true;
    for (const strategy of thread.missedLevels) {
      this.#tell(number, { say: 'level', strategy, level: this.#levels.get(strategy) });
    }
    thread.missedLevels.clear();
    // Another set was published while it was born.
    if (thread.version < this.#used.version) this.#offer(number, this.#used);
  }

  onGone(number: number): void {
    this.#threads.delete(number);
    this.#ledger.close(number);
    this.#why.delete(String(number));
    this.#rollOut?.onGone(number);
    this.#calls.onGone(number);
  }

  onMessage(number: number, message: unknown): void {
    const told = message as FromStrategies;
    // What a thread has said may arrive after its end.
    if (told.say !== 'trace' && !this.#threads.has(number)) return;
    switch (told.say) {
      case 'loaded':
        if (this.#rollOut?.version === told.version) this.#rollOut.onLoaded(number);
        else if (told.version === this.#used.version) this.#use(number, told.version);
        break;
      case 'refused':
        if (this.#rollOut?.version === told.version) {
          this.#rollOut.onRefused(told.why);
        } else {
          this.#ledger.withdraw(number, told.version);
          this.#host.log.error(
            { thread: number, version: told.version },
            `a thread can't load strategies: ${told.why}`,
          );
        }
        break;
      case 'here':
        this.#calls.onAnswer(number, told.call);
        break;
      case 'trace':
        this.#traces.add(told.trace, told.size);
        break;
      case 'missing':
        this.#missing(number, told.version, told.inUse);
        break;
      case 'levels':
        this.#why.set(String(number), told.why);
        for (const [strategy, why] of Object.entries(told.why)) {
          this.#host.log.warn({ thread: number, strategy }, `a strategy is degraded: ${why.join('; ')}`);
        }
        break;
    }
  }

  async ask(question: StrategyQuestion): Promise<unknown> {
    switch (question.ask) {
      case 'list':
        return this.#report();
      case 'picture':
        return drawInThread(this.#named(question.strategy), this.#report(), question.form);
      case 'traces':
        return { traces: this.#traces.of(this.#named(question.strategy).name) };
      case 'history':
        return { versions: this.#history.map((one) => this.#versionReport(one)) };
      case 'definitions':
        return { version: this.#used.version, definitions: this.#used.definitions, sources: this.#settings.sources };
      case 'publish':
        return this.#alone(() => this.#publish());
      case 'rollback':
        return this.#alone(() => this.#rollBack(question.version));
      case 'level':
        return this.#setLevel(question.strategy, question.level);
    }
  }

  async stage(): Promise<StagedStrategies | undefined> {
    const end = this.#begin();
    try {
      const definitions = await load(this.#settings, this.#host, this.#used.definitions);
      this.#checkOpen();
      if (isDeepStrictEqual(definitions, this.#read)) {
        end();
        return undefined;
      }
      const staged = this.#published(definitions, 'reload');
      this.#staged = staged;
      return {
        needsRoll: this.#modules.changed(definitions),
        publish: () => this.#bring(staged).finally(end),
        commit: (offerTo) => {
          this.#commit(staged, offerTo);
          end();
          return staged;
        },
        drop: end,
      };
    } catch (reason) {
      end();
      throw reason;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#rollOut?.onRefused('the process stops');
    this.#calls.close();
  }

  async #publish(): Promise<unknown> {
    const { definitions: before } = this.#used;
    const definitions = await load(this.#settings, this.#host, before);
    this.#checkOpen();
    if (isDeepStrictEqual(definitions, before)) return { version: this.#used.version, changed: false };
    return this.#bring(this.#published(definitions, 'publish'));
  }

  #rollBack(version: number | undefined): Promise<unknown> {
    const target =
      version === undefined ? this.#before(this.#used) : this.#history.find((one) => one.version === version);
    if (target === undefined) {
      const versions = this.#history.map((one) => one.version).join(', ');
      const what = version === undefined ? 'there is no version before this one' : `version ${version} is not kept`;
      throw new HeddleError('NOT_FOUND', `${what}; there are ${versions}`, { retry: 'no' });
    }
    return this.#bring(this.#published(target.definitions, `rollback to ${target.source}`, target.source));
  }

  /** What was published before those definitions: so a second rollback goes one further back, not forth again. */
  #before({ source }: Published): Published | undefined {
    return this.#history.findLast((one) => one.source === one.version && one.version < source);
  }

  /** To all threads, or to none. */
  async #bring(next: Published): Promise<InForce & { version: number; before: number; changed: true }> {
    this.#modules.check(next.definitions);
    this.#modules.offered(next.definitions);
    const offered = new Map([...this.#threads].filter(([, { isGoing, isLeft }]) => isGoing && !isLeft));
    const rollOut = new RollOut(next.version, offered.keys(), this.#host.clock);
    this.#rollOut = rollOut;
    for (const number of offered.keys()) this.#offer(number, next);
    try {
      await rollOut.loaded;
    } catch (reason) {
      for (const [number, thread] of offered) {
        // Its number may be another's by now.
        if (this.#threads.get(number) === thread) this.#withdraw(number, next.version);
      }
      this.#host.log.error({ version: next.version }, `strategies were not published: ${String(reason)}`);
      throw reason;
    } finally {
      this.#rollOut = undefined;
    }
    const before = this.#takeOver(next);
    const told: number[] = [];
    for (const [number, thread] of this.#threads) {
      if (offered.get(number) === thread) {
        this.#use(number, next.version);
        told.push(number);
      } else if (thread.isGoing && !thread.isLeft) {
        // Those that have come meanwhile were born with a set before.
        this.#offer(number, next);
      }
    }
    return { version: next.version, before, changed: true, ...(await this.#inForce(told)) };
  }

  #commit(staged: Published, offerTo: (thread: number) => boolean): void {
    this.#modules.renewed(staged.definitions);
    this.#takeOver(staged);
    for (const [number, thread] of this.#threads) {
      if (thread.version === staged.version) continue;
      if (!offerTo(number)) thread.isLeft = true;
      else if (thread.isGoing) this.#offer(number, staged);
    }
  }

  /** It is in use from now on. Returns the version before. */
  #takeOver(next: Published): number {
    const before = this.#used.version;
    this.#used = next;
    if (next.source === next.version) this.#read = next.definitions;
    this.#remember(next);
    this.#forgetGone();
    this.#host.log.info({ version: next.version, before, by: next.by }, 'strategies are published');
    return before;
  }

  /** `source`: default itself. */
  #published(definitions: readonly StrategyDefinition[], by: string, source?: number): Published {
    const version = ++this.#lastVersion;
    return {
      version,
      source: source ?? version,
      definitions,
      publishedAt: this.#host.clock.wallMs(),
      by,
      limits: allocateLimits(limitBytes(definitions)),
    };
  }

  #remember(published: Published): void {
    this.#history.push(published);
    if (this.#history.length > historyMax) this.#history.shift();
  }

  #offer(number: number, { version, definitions, limits }: Published): void {
    const counters = this.#ledger.open(number, version, definitions, this.#host.clock.nowMs());
    this.#tell(number, { say: 'offer', set: { version, definitions }, memory: { counters, limits } });
  }

  #use(number: number, version: number): void {
    const thread = this.#threads.get(number);
    if (thread !== undefined) thread.version = version;
    this.#ledger.use(number, version, this.#host.clock.nowMs());
    this.#tell(number, { say: 'use', version });
  }

  #withdraw(number: number, version: number): void {
    this.#ledger.withdraw(number, version);
    this.#tell(number, { say: 'withdraw', version });
  }

  #tell(number: number, message: ToStrategies): void {
    this.#host.tell(number, message);
  }

  /**
   * Until those threads have taken in all that they were told: each hears what main says in the order in which it was said. An
   * operator who has an answer finds that the next request runs as he wanted.
   */
  async #inForce(threads: readonly number[]): Promise<InForce> {
    const call = (thread: number, call: number) => this.#tell(thread, { say: 'call', call });
    const late = await this.#calls.call(threads, call, heardMaxMs, this.#host.clock);
    if (late.length === 0) return {};
    this.#host.log.warn({ threads: late }, 'threads are too busy to take in at once what an operator did');
    return { late };
  }

  async #alone<Value>(act: () => Promise<Value>): Promise<Value> {
    const end = this.#begin();
    try {
      return await act();
    } finally {
      end();
    }
  }

  /** Nobody else publishes until what it returns is called. */
  #begin(): () => void {
    if (this.#busy) {
      throw new HeddleError('FAILED_PRECONDITION', 'another version is being published; try again when it is done');
    }
    this.#busy = true;
    return () => {
      this.#busy = false;
      this.#staged = undefined;
    };
  }

  #checkOpen(): void {
    if (!this.#closed) return;
    throw new HeddleError('UNAVAILABLE', 'the process stops; the strategies were not published', { retry: 'no' });
  }

  async #setLevel(name: string, level: number | undefined): Promise<unknown> {
    const { name: strategy, degrade } = this.#named(name);
    if (level !== undefined && !(Number.isInteger(level) && level >= 0 && level <= levelsMax)) {
      throw new HeddleError(
        'INVALID_ARGUMENT',
        `a level is a whole number from 0 to ${levelsMax}, or null for none by hand`,
      );
    }
    if (level === undefined) this.#levels.delete(strategy);
    else this.#levels.set(strategy, level);
    this.#tellLevel(strategy, level);
    this.#host.log.warn({ strategy, level }, 'an operator set the level of a strategy');
    const going = [...this.#threads].filter(([, { isGoing }]) => isGoing).map(([number]) => number);
    const inForce = await this.#inForce(going);
    return { strategy, level: level ?? null, declared: degrade.levels.map((one) => one.level), ...inForce };
  }

  /** What was set and kept for strategies that are no more; one of that name that comes later begins anew. */
  #forgetGone(): void {
    const names = new Set(this.#used.definitions.map(({ name }) => name));
    this.#traces.keepOnly(names);
    for (const [strategy, level] of this.#levels) {
      if (names.has(strategy)) continue;
      this.#levels.delete(strategy);
      this.#tellLevel(strategy, undefined);
      this.#host.log.warn({ strategy, level }, 'a strategy is gone, and with it its level set by hand');
    }
  }

  #tellLevel(strategy: string, level: number | undefined): void {
    for (const [number, { isGoing, missedLevels }] of this.#threads) {
      if (isGoing) this.#tell(number, { say: 'level', strategy, level });
      else missedLevels.add(strategy);
    }
  }

  /** A thread lacks the version that it was told to use: it goes on with another, and is offered the present one again. */
  #missing(number: number, version: number, inUse: number): void {
    const thread = this.#threads.get(number)!;
    if (thread.version !== version) return;
    thread.version = inUse;
    this.#ledger.restore(number, version, inUse);
    this.#offer(number, this.#used);
  }

  #report(): StrategiesReport {
    const facts = { manual: this.#levels, why: this.#why };
    return { version: this.#used.version, strategies: strategyReports(this.#used.definitions, this.#ledger, facts) };
  }

  #versionReport(one: Published): VersionReport {
    return {
      version: one.version,
      publishedAt: new Date(one.publishedAt).toISOString(),
      by: one.by,
      inUse: one === this.#used,
      strategies: one.definitions.map(({ name }) => name),
    };
  }

  #named(name: string): StrategyDefinition {
    const found = this.#used.definitions.find((definition) => definition.name === name);
    if (found !== undefined) return found;
    const names = this.#used.definitions.map((definition) => definition.name);
    throw new HeddleError(
      'NOT_FOUND',
      `there is no strategy ${name}${didYouMean(name, names)}; there ${listOf(names)}`,
      {
        retry: 'no',
      },
    );
  }
}

/** `is feed`, `are feed, search and 3 more`. */
function listOf(names: readonly string[]): string {
  const shown = names.slice(0, namesShown).join(', ');
  const more = names.length > namesShown ? ` and ${names.length - namesShown} more` : '';
  return `${names.length === 1 ? 'is' : 'are'} ${shown}${more}`;
}
