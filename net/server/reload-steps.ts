// ReloadSteps (main thread): brings a running process to settings and code as they are now. Called by the Reloader, one at a
// time.
//
// 1. What has changed: settings (settings-change.ts), the code that threads run (loaded-code.ts), strategies, which are read.
// 2. Pools roll whose code or settings need new threads, or that were named; perhaps as a canary first. This may fail, and then
//    nothing has changed.
// 3. What is left can not fail: strategies that the new threads were born with are in use, and live settings are told to all.

import { relative } from 'node:path';
import type { Clock } from '../../runtime/clock.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { Logger } from '../../runtime/logger.ts';
import { didYouMean } from '../../runtime/nearest.ts';
import type { Settings } from '../../runtime/settings.ts';
import { CanaryCounts } from '../../runtime/shared/canary-counts.ts';
import type { ThreadPool } from '../../scheduler/thread-pool.ts';
import { Canary, type CanaryVerdict } from './canary.ts';
import { type LoadedCode, unkeptText } from './loaded-code.ts';
import type { MinuteLooks } from './minute-looks.ts';
import type { ReloadReport, ReloadRequest } from './reload-report.ts';
import type { CanaryRequest, PoolRoll, Roller } from './roller.ts';
import type { ServerLive } from './server-live.ts';
import type { ServerStrategies } from './server-strategies.ts';
import type { ServerTable } from './server-table.ts';
import { changeOf, type SettingsChange } from './settings-change.ts';
import { shownChanges, shownPaths } from './settings-diff.ts';

export interface ReloadStepsOptions {
  live: ServerLive;
  roller: Pick<Roller, 'roll' | 'canary'>;
  table: ServerTable;
  looks: Pick<MinuteLooks, 'recent'>;
  code: LoadedCode;
  strategies: ServerStrategies;
  /** Pool `io` first. */
  pools: () => readonly ThreadPool[];
  clock: Clock;
  log: Logger;
}

/** Why a pool rolls. */
interface Reason {
  files: string[];
  settings: string[];
}

/** Code that is taken over, perhaps as a canary first. */
interface Trial {
  /** What is in force with it, once it is; settings that change at once may change meanwhile. */
  merged: Settings;
  readonly pools: ReadonlySet<string>;
}

const decidedByOperator = 'an operator decided';
/** Changed files of a pool that a line of the log names. */
const filesLogged = 20;

export class ReloadSteps {
  readonly #options: ReloadStepsOptions;
  #canary: Canary | undefined;
  /** Of that canary. */
  #counts: CanaryCounts | undefined;
  #trial: Trial | undefined;
  #stopped = false;

  constructor(options: ReloadStepsOptions) {
    this.#options = options;
  }

  /** Throws INVALID_ARGUMENT for what can't be asked for. */
  check({ pools: named }: ReloadRequest): void {
    const [, ...cpu] = this.#options.pools().map(({ name }) => name);
    for (const name of named === 'all' ? [] : (named ?? [])) this.#checkPool(name, cpu);
  }

  /**
   * While there is a canary: takes over settings that change at once, and resolves with what came of it. Undefined: that is
   * not all, and the rest has to wait until the canary has ended.
   */
  async takeBeside(next: Settings, request: ReloadRequest): Promise<ReloadReport | undefined> {
    const { live, strategies, log } = this.#options;
    const before = live.settings;
    const trial = this.#trial;
    if (trial === undefined || this.#canary === undefined || request.pools !== undefined) return undefined;
    const { merged, live: changed, roll, restart: needsRestart } = changeOf(trial.merged, next);
    // What came with the canary waits for its verdict, and must not get in before.
    const held = new Set(changeOf(live.settings, trial.merged, { mayRoll: false }).live);
    if (roll.size > 0 || changed.some((path) => held.has(path)) || (request.strict === true && needsRestart.length > 0))
      return undefined;
    if (request.code !== false && (strategies.areThere || this.#changedSince(trial))) return undefined;
    trial.merged = merged;
    if (changed.length > 0) await live.take(changeOf(live.settings, next, { mayRoll: false, held }).merged);
    log.info({ by: byOf(request), changed, needsRestart }, 'the settings were read again, beside a canary');
    const shown = (paths: readonly string[]) => shownChanges(paths, before, next);
    return { changed: shown(changed), needsRestart: shown(needsRestart), rolled: [], ioCode: [] };
  }

  /** Throws what is wrong, as `Roller.roll` does; then nothing has changed. */
  async take(next: Settings, request: ReloadRequest): Promise<ReloadReport> {
    const { log, table, live } = this.#options;
    const before = live.settings;
    const report = table.inForce === undefined ? await this.#begin(next) : await this.#take(next, request);
    const { changed, needsRestart, rolled, ioCode, strategies } = report;
    if (report.canary?.goOn !== false) {
      const pools = rolled.map(({ pool }) => pool);
      log.info({ by: byOf(request), changed, needsRestart, pools, ioCode, strategies }, 'the settings were read again');
    }
    const shown = (paths: readonly string[]) => shownChanges(paths, before, next);
    return { ...report, changed: shown(changed), needsRestart: shown(needsRestart) };
  }

  /** How a canary stands that goes on; undefined: there is none. */
  get canary(): Omit<CanaryVerdict, 'goOn' | 'why'> | undefined {
    return this.#canary?.standing();
  }

  /** Ends the canary that goes on. Throws FAILED_PRECONDITION when there is none. */
  decide(goOn: boolean): void {
    if (this.#canary === undefined) {
      throw new HeddleError('FAILED_PRECONDITION', 'there is no canary to decide about', { retry: 'no' });
    }
    this.#canary.decide(goOn, decidedByOperator);
  }

  /** A thread has died, and its number has no other yet. */
  onGone(thread: number): void {
    this.#counts?.settle(thread);
  }

  /** The process stops: a canary is not judged any more. */
  stop(): void {
    this.#stopped = true;
    this.#canary?.decide(false, 'the process stops');
  }

  /** Before the process goes there is nothing to roll. */
  async #begin(next: Settings): Promise<ReloadReport> {
    const { live } = this.#options;
    const { merged, live: changed, restart: needsRestart } = changeOf(live.settings, next, { mayRoll: false });
    if (changed.length > 0) await live.take(merged);
    return { changed, needsRestart, rolled: [], ioCode: [] };
  }

  async #take(next: Settings, request: ReloadRequest): Promise<ReloadReport> {
    const { live, code, strategies, pools } = this.#options;
    code.keepOnly(
      pools().flatMap(({ name, generations }) => generations.map(({ number }) => ({ pool: name, generation: number }))),
    );
    const change = changeOf(live.settings, next);
    const reasons = this.#reasons(change, request);
    const ioCode = reasons.get('io')?.files ?? [];
    reasons.delete('io');
    if (request.strict === true) checkStrict([...change.restart, ...ioCode]);
    const withCode = request.code !== false || reasons.size > 0;
    const staged = withCode ? await strategies.stage(change.merged) : undefined;
    try {
      if (staged !== undefined) this.#addStrategies(reasons, staged.needsRoll, change.merged);
      this.#trial = { merged: change.merged, pools: new Set(reasons.keys()) };
      const report = await this.#roll(change, reasons, request);
      const taken = { ...report, ioCode: request.code === false ? [] : ioCode };
      if (report.canary?.goOn === false) return taken;
      if (staged !== undefined) {
        const rolled = new Set(reasons.keys());
        taken.strategies = rolled.size > 0 ? staged.commit(rolled) : await staged.publish();
      }
      if (change.live.length > 0 || reasons.size > 0) await live.take(this.#trial.merged);
      return taken;
    } catch (reason) {
      throw this.#withUnkept(reason, [...reasons.keys()]);
    } finally {
      this.#trial = undefined;
      staged?.end();
    }
  }

  /** By pool; `io` too, whose code needs a restart. */
  #reasons({ roll, merged }: SettingsChange, { code: withCode, pools: named }: ReloadRequest): Map<string, Reason> {
    const { code, pools } = this.#options;
    const generations = pools().map(({ name, inUse }) => ({ pool: name, generation: inUse.number }));
    const changed = new Map(code.changed(generations).map(({ pool, files }) => [pool, files]));
    const [io, ...cpu] = generations.map(({ pool }) => pool);
    const asked = new Set(named === 'all' ? cpu : (named ?? []));
    const reasons = new Map<string, Reason>();
    for (const pool of [io!, ...cpu]) {
      const files = changed.get(pool)?.map((path) => relative(merged.baseDir, path)) ?? [];
      const settings = roll.get(pool) ?? [];
      const hasReason = asked.has(pool) || settings.length > 0 || (withCode !== false && files.length > 0);
      if (hasReason) reasons.set(pool, { files, settings });
    }
    return reasons;
  }

  #checkPool(name: string, known: readonly string[]): void {
    if (known.includes(name)) return;
    const what =
      name === 'io'
        ? 'pool io can not be rolled: its threads own the sockets; what runs there needs a restart'
        : `there is no pool ${JSON.stringify(name)}${didYouMean(name, known)}; the pools are ${known.join(', ')}`;
    throw new HeddleError('INVALID_ARGUMENT', what, { retry: 'no' });
  }

  /** With any of them all that run strategies are rolled, so that no generation has one version's graph and another's code. */
  #addStrategies(reasons: Map<string, Reason>, needsRoll: string | undefined, { services, jobs }: Settings): void {
    if (reasons.size === 0 && needsRoll === undefined) return;
    const handlers = new Set([...services, ...jobs].map(({ pool }) => pool));
    if (needsRoll !== undefined && handlers.has('io')) {
      throw new HeddleError(
        'FAILED_PRECONDITION',
        `${needsRoll}, which the threads of pool io have loaded as it was before: what runs there needs a restart`,
        { retry: 'no' },
      );
    }
    handlers.delete('io');
    for (const pool of handlers) if (!reasons.has(pool)) reasons.set(pool, { files: [], settings: ['strategies'] });
  }

  async #roll(
    { merged, live, roll, restart: needsRestart }: SettingsChange,
    reasons: ReadonlyMap<string, Reason>,
    request: ReloadRequest,
  ): Promise<ReloadReport> {
    const changed = [...new Set([...live, ...[...roll.values()].flat()])];
    const report: ReloadReport = { changed, needsRestart, rolled: [], ioCode: [] };
    if (reasons.size === 0) return report;
    const pools = [...reasons.keys()];
    const percent = this.#served(pools) ? (request.canaryPercent ?? merged.roll.canaryPercent) : 0;
    const logged = new Map(pools.map((pool) => [pool, logFields(reasons.get(pool)!, request)]));
    const named = (rolls: readonly PoolRoll[]) => rolls.map((one) => ({ ...one, ...reasons.get(one.pool)! }));
    const asked = { settings: merged, pools, reasons: logged };
    if (percent === 0) return { ...report, rolled: named(await this.#options.roller.roll(asked)) };
    const { verdict, rolls } = await this.#tryFirst({ ...asked, percent });
    if (verdict.goOn) return { ...report, rolled: named(rolls), canary: verdict };
    const unkept = this.#unkept(pools);
    const known = unkept.length === 0 ? {} : { unkept };
    return { changed: [], needsRestart, rolled: [], ioCode: [], canary: verdict, ...known };
  }

  /** Of these pools those whose code in use is not kept. */
  #unkept(names: readonly string[]): string[] {
    const { code, pools } = this.#options;
    return pools()
      .filter(({ name, inUse }) => names.includes(name) && code.isUnkept({ pool: name, generation: inUse.number }))
      .map(({ name }) => name);
  }

  /** The old code goes on; whoever reads why must know how safely. */
  #withUnkept(reason: unknown, pools: readonly string[]): unknown {
    const unkept = this.#unkept(pools);
    if (unkept.length === 0) return reason;
    const { code, message, retry } = HeddleError.from(reason);
    return new HeddleError(code, `${message}; ${unkeptText(unkept)}`, { retry, cause: reason });
  }

  #changedSince({ pools: tried }: Trial): boolean {
    const { code, pools } = this.#options;
    const generations = pools().flatMap(({ name, inUse, generations: all }) => {
      const latest = tried.has(name) ? all.at(-1)! : inUse;
      return name === 'io' ? [] : [{ pool: name, generation: latest.number }];
    });
    return code.changed(generations).length > 0;
  }

  /** Without a method there are no answers to judge by. */
  #served(pools: readonly string[]): boolean {
    return this.#options.table.methods.some(({ pool, gone }) => gone !== true && pools.includes(pool));
  }

  async #tryFirst(request: CanaryRequest): Promise<{ verdict: CanaryVerdict; rolls: PoolRoll[] }> {
    const { roller, table, looks, clock, log } = this.#options;
    const { settings, pools, percent, reasons = new Map() } = request;
    const counts = new CanaryCounts(CanaryCounts.allocate(table.rows, clock.nowMs()));
    const before = new Map(table.methods.map(({ index }) => [index, looks.recent(index)]));
    const both = await roller.canary({ ...request, counts: counts.memory });
    const compared = table.methods.filter(({ canary }) => canary !== undefined);
    this.#counts = counts;
    this.#canary = new Canary({
      counts,
      methods: compared.map(({ service, method, index }) => {
        return { name: `${service}/${method}`, row: index, before: before.get(index)! };
      }),
      rules: settings.roll,
      percent,
      clock,
      lost: () => both.lost,
    });
    log.info({ pools, percent, reasons: Object.fromEntries(reasons) }, 'a canary: new code gets a share of the calls');
    // The stop may have come while the threads loaded.
    if (this.#stopped) this.stop();
    const verdict = await this.#canary.verdict;
    this.#canary = undefined;
    this.#counts = undefined;
    const { goOn, why, tookMs, methods } = verdict;
    const fields = { pools, percent, tookMs, why, methods };
    if (this.#stopped) throw new HeddleError('CANCELLED', 'the process stops: its canary was not judged');
    if (goOn) log.info(fields, 'a canary goes on');
    else log.error(fields, 'a canary is taken back');
    if (goOn) return { verdict, rolls: await both.goOn(this.#trial!.merged) };
    await both.rollBack(this.#trial!.merged);
    return { verdict, rolls: [] };
  }
}

/** Why a pool rolls, as the log says it: the first of many files. */
function logFields({ files, settings }: Reason, request: ReloadRequest): object {
  const more = files.length > filesLogged ? { moreFiles: files.length - filesLogged } : {};
  return { by: byOf(request), files: files.slice(0, filesLogged), ...more, settings };
}

function byOf({ by = 'program' }: ReloadRequest): string {
  return by;
}

function checkStrict(needsRestart: readonly string[]): void {
  if (needsRestart.length === 0) return;
  const what = shownPaths(needsRestart).join(', ');
  throw new HeddleError('FAILED_PRECONDITION', `nothing was taken over, since a part needs a restart: ${what}`, {
    retry: 'no',
  });
}
