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
import type { LoadedCode } from './loaded-code.ts';
import type { ReloadReport, ReloadRequest } from './reload-report.ts';
import type { PoolRoll, Roller } from './roller.ts';
import type { ServerLive } from './server-live.ts';
import type { ServerStrategies } from './server-strategies.ts';
import type { ServerTable } from './server-table.ts';
import { changeOf, type SettingsChange } from './settings-change.ts';
import { shownPaths } from './settings-diff.ts';

export interface ReloadStepsOptions {
  live: ServerLive;
  roller: Pick<Roller, 'roll' | 'canary'>;
  table: ServerTable;
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

const decidedByOperator = 'an operator decided';

export class ReloadSteps {
  readonly #options: ReloadStepsOptions;
  #canary: Canary | undefined;
  #stopped = false;

  constructor(options: ReloadStepsOptions) {
    this.#options = options;
  }

  /** Throws what is wrong, as `Roller.roll` does; then nothing has changed. */
  async take(next: Settings, request: ReloadRequest): Promise<ReloadReport> {
    const { log, table } = this.#options;
    const report = table.inForce === undefined ? await this.#begin(next) : await this.#take(next, request);
    const { changed, needsRestart, rolled, ioCode, strategies } = report;
    if (report.canary?.goOn !== false) {
      const pools = rolled.map(({ pool }) => pool);
      log.info({ changed, needsRestart, pools, ioCode, strategies }, 'the settings were read again');
    }
    return { ...report, changed: shownPaths(changed), needsRestart: shownPaths(needsRestart) };
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

  /** The process stops: a canary is not judged any more. */
  stop(): void {
    this.#stopped = true;
    this.#canary?.decide(false, 'the process stops');
  }

  /** Before the process goes there is nothing to roll. */
  async #begin(next: Settings): Promise<ReloadReport> {
    const { live } = this.#options;
    const { merged, live: changed, restart: needsRestart } = changeOf(live.settings, next, false);
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
    const withCode = request.code !== false || reasons.size > 0;
    const staged = withCode ? await strategies.stage(change.merged) : undefined;
    try {
      if (staged !== undefined) this.#addStrategies(reasons, staged.needsRoll, change.merged);
      const report = await this.#roll(change, reasons, request);
      const taken = { ...report, ioCode: request.code === false ? [] : ioCode };
      if (report.canary?.goOn === false) return taken;
      if (staged !== undefined) {
        const rolled = new Set(reasons.keys());
        taken.strategies = rolled.size > 0 ? staged.commit(rolled) : await staged.publish();
      }
      if (change.live.length > 0 || reasons.size > 0) await live.take(change.merged);
      return taken;
    } finally {
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
    for (const name of asked) this.#checkPool(name, cpu);
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
    const named = (rolls: readonly PoolRoll[]) => rolls.map((one) => ({ ...one, ...reasons.get(one.pool)! }));
    if (percent === 0)
      return { ...report, rolled: named(await this.#options.roller.roll({ settings: merged, pools })) };
    const { verdict, rolls } = await this.#tryFirst(merged, pools, percent);
    if (verdict.goOn) return { ...report, rolled: named(rolls), canary: verdict };
    return { changed: [], needsRestart, rolled: [], ioCode: [], canary: verdict };
  }

  /** Without a method there are no answers to judge by. */
  #served(pools: readonly string[]): boolean {
    return this.#options.table.methods.some(({ pool, gone }) => gone !== true && pools.includes(pool));
  }

  async #tryFirst(
    settings: Settings,
    pools: readonly string[],
    percent: number,
  ): Promise<{ verdict: CanaryVerdict; rolls: PoolRoll[] }> {
    const { roller, table, clock, log } = this.#options;
    const counts = new CanaryCounts(CanaryCounts.allocate(table.rows));
    const both = await roller.canary({ settings, pools, percent, counts: counts.memory });
    const compared = table.methods.filter(({ canary }) => canary !== undefined);
    this.#canary = new Canary({
      counts,
      methods: compared.map(({ service, method, index }) => ({ name: `${service}/${method}`, row: index })),
      rules: settings.roll,
      percent,
      clock,
      lost: () => (both.down === undefined ? undefined : `the new threads of pool ${both.down} die too often`),
    });
    log.info({ pools, percent }, 'a canary: new code gets a share of the calls');
    // The stop may have come while the threads loaded.
    if (this.#stopped) this.stop();
    const verdict = await this.#canary.verdict;
    this.#canary = undefined;
    const { goOn, why, tookMs, methods } = verdict;
    const fields = { pools, percent, tookMs, why, methods };
    if (this.#stopped) throw new HeddleError('CANCELLED', 'the process stops: its canary was not judged');
    if (goOn) log.info(fields, 'a canary goes on');
    else log.error(fields, 'a canary is taken back');
    if (goOn) return { verdict, rolls: await both.goOn() };
    await both.rollBack();
    return { verdict, rolls: [] };
  }
}
