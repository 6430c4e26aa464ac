// Reloader (main thread): where changed settings come from. It reads heddle.yaml once more, with what the plugins' config
// sources say laid over it, and hands them to ReloadSteps: when an operator asks for it, on a signal, when files change that
// are watched, and when a source has something new. One at a time; what is wrong changes nothing.

import type { Part } from '../../runtime/actor.ts';
import type { Clock } from '../../runtime/clock.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { Logger } from '../../runtime/logger.ts';
import { type ConfigSourceDefinition, overridesOf, type SourceOverride } from '../../runtime/plugins/config-source.ts';
import type { Registry } from '../../runtime/plugins/registry.ts';
import { within } from '../../runtime/plugins/within.ts';
import type { Settings } from '../../runtime/settings.ts';
import type { ReloadReport, ReloadRequest, ReloadState } from './reload-report.ts';
import type { ReloadSteps } from './reload-steps.ts';
import { type AskedReload, both, mayShare } from './shared-reload.ts';

/** How long one config source may take to answer, ms. */
export const sourceTimeoutMs = 5_000;
/** Between a source's word that something is new and the reload: changes come in bunches, ms. */
const gatherMs = 50;

/** Reads the config again, with these laid over the file, as `--set` does. Throws a HeddleError that says what is wrong. */
export type ReadSettings = (sources: readonly SourceOverride[]) => Settings;

export interface ReloaderOptions {
  /** Undefined: the settings came from no file. */
  read: ReadSettings | undefined;
  sources: Registry<ConfigSourceDefinition>;
  steps: Pick<ReloadSteps, 'check' | 'take' | 'takeBeside' | 'stop' | 'canary' | 'decide'>;
  clock: Clock;
  log: Logger;
}

/** Outcomes that are kept, for whoever asks later. */
const outcomesMax = 8;
/** Reloads that wait for the one before; those that may share one count as one. */
const waitingMax = 16;
/** Numbers of reloads that were one with another that are kept. */
const sharedMax = 64;

interface Run extends PromiseWithResolvers<ReloadReport>, AskedReload {
  readonly id: number;
}

export class Reloader {
  readonly #options: ReloaderOptions;
  /** What each source said last that was right, by its name: it holds while the source can't be asked or says what is wrong. */
  readonly #accepted = new Map<string, SourceOverride[]>();
  readonly #watches: (() => void)[] = [];
  #running: Run | undefined;
  /** Begin when that one has ended, one after another; whoever asks meanwhile shares the last of them. */
  readonly #waiting: Run[] = [];
  /** Reloads that have become one with another, by number. */
  readonly #shared = new Map<number, number>();
  /** What changes at once, while the one that runs waits for its canary. */
  readonly #beside = new Set<Run>();
  #lastId = 0;
  /** The latest last. */
  readonly #outcomes: ReloadState[] = [];
  #timer: unknown;
  #stopped = false;

  constructor(options: ReloaderOptions) {
    this.#options = options;
  }

  /** After main's plugins, before all threads, so that they begin with what the sources say. */
  part(): Part {
    return {
      name: 'config sources',
      start: () => this.#start(),
      drain: async () => {},
      stop: async () => this.#stop(),
    };
  }

  /**
   * Reads the settings and takes them over, with the code as it is now. Throws what is wrong with the config or the code, or
   * FAILED_PRECONDITION when the settings came from no file; then nothing has changed.
   */
  reload(request: ReloadRequest = {}): Promise<ReloadReport> {
    return this.#asked(request, undefined);
  }

  /** As `reload`, with these settings. */
  take(settings: Settings, request: ReloadRequest): Promise<ReloadReport> {
    return this.#asked(request, settings);
  }

  /** As `reload`; waits no longer than `waitMs` for it, and says then how it stands. */
  async ask(request: ReloadRequest, waitMs: number): Promise<ReloadState> {
    const { id, promise } = this.#enqueue(request, undefined);
    const { clock } = this.#options;
    const over = Promise.withResolvers<void>();
    const timer = clock.setTimer(waitMs, () => over.resolve());
    const ended = promise.then(
      () => {},
      (reason: unknown) => this.#options.log.error({ err: reason }, 'a reload changed nothing'),
    );
    await Promise.race([ended, over.promise]);
    clock.clearTimer(timer);
    return this.state(id);
  }

  /** Of one reload, by default the latest. Throws NOT_FOUND for one that is not remembered. */
  state(asked: number | undefined): ReloadState {
    const id = asked === undefined ? undefined : (this.#shared.get(asked) ?? asked);
    const running = this.#running;
    if (running !== undefined && (id ?? running.id) === running.id) {
      return { id: running.id, state: 'running', canary: this.#options.steps.canary };
    }
    if (id !== undefined && this.#waiting.some((run) => run.id === id)) {
      const what = `reload ${running!.id}`;
      const waitsFor = this.#options.steps.canary === undefined ? what : `the canary of ${what}`;
      return { id, state: 'waiting', waitsFor };
    }
    for (const run of this.#beside) if (run.id === id) return { id: run.id, state: 'running' };
    const outcome = id === undefined ? this.#outcomes.at(-1) : this.#outcomes.find((one) => one.id === id);
    if (outcome !== undefined) return outcome;
    if (id === undefined) return { id: 0, state: 'none' };
    throw new HeddleError('NOT_FOUND', `reload ${id} is not remembered`, { retry: 'no' });
  }

  /** As ReloadSteps.decide. */
  decide(goOn: boolean): void {
    this.#options.steps.decide(goOn);
  }

  /** The process begins to stop: nothing is taken over any more. */
  drain(): void {
    this.#stopped = true;
    this.#options.steps.stop();
  }

  #asked(request: ReloadRequest, settings: Settings | undefined): Promise<ReloadReport> {
    try {
      return this.#enqueue(request, settings).promise;
    } catch (reason) {
      return Promise.reject(reason);
    }
  }

  /** Throws what is wrong with the request: it must not fail those who would share it. */
  #enqueue(request: ReloadRequest, settings: Settings | undefined): Run {
    const { steps } = this.#options;
    steps.check(request);
    const last = this.#waiting.at(-1);
    const hasCanary = steps.canary !== undefined;
    if (!hasCanary && last !== undefined && mayShare(last, { request, settings })) {
      last.request = both(last.request, request);
      // As if one had come after the other.
      last.settings = settings;
      return last;
    }
    if (this.#waiting.length + this.#beside.size >= waitingMax) {
      throw new HeddleError('RESOURCE_EXHAUSTED', `${waitingMax} reloads wait for reload ${this.#running?.id} already`);
    }
    const run: Run = { id: ++this.#lastId, request, settings, ...Promise.withResolvers<ReloadReport>() };
    // Whoever asked may not wait for it.
    run.promise.catch(() => {});
    if (this.#running === undefined) void this.#begin(run);
    else if (hasCanary && !this.#isOrdered) void this.#tryBeside(run);
    else this.#wait(run);
    return run;
  }

  /** Settings that a program gave wait for a canary: what is asked for after them must not be overtaken by them. */
  get #isOrdered(): boolean {
    return [...this.#waiting, ...this.#beside].some(({ settings }) => settings !== undefined);
  }

  /** What changes at once does not wait for a canary; what does not waits like all others. */
  async #tryBeside(run: Run): Promise<void> {
    this.#beside.add(run);
    try {
      const next = run.settings ?? (await this.#read());
      this.#checkGoing();
      const report = await this.#options.steps.takeBeside(next, run.request);
      if (report === undefined) this.#wait(run);
      else {
        this.#keep({ id: run.id, state: 'done', report });
        run.resolve(report);
      }
    } catch (reason) {
      this.#fail(run, reason);
    } finally {
      this.#beside.delete(run);
    }
  }

  #wait(run: Run): void {
    const last = this.#waiting.at(-1);
    if (this.#running === undefined) void this.#begin(run);
    else if (last === undefined || !mayShare(last, run)) this.#waiting.push(run);
    else {
      last.request = both(last.request, run.request);
      last.settings = run.settings;
      last.promise.then(run.resolve, run.reject);
      this.#shared.set(run.id, last.id);
      if (this.#shared.size > sharedMax) this.#shared.delete(this.#shared.keys().next().value!);
    }
  }

  async #begin(run: Run): Promise<void> {
    const { id } = run;
    this.#running = run;
    try {
      const report = await this.#reload(run);
      this.#keep({ id, state: 'done', report });
      run.resolve(report);
    } catch (reason) {
      this.#fail(run, reason);
    }
    this.#running = undefined;
    const next = this.#waiting.shift();
    if (next !== undefined) void this.#begin(next);
  }

  #fail(run: Run, reason: unknown): void {
    const { code, message } = HeddleError.from(reason, reason instanceof Error ? reason.stack : String(reason));
    this.#keep({ id: run.id, state: 'failed', code, message });
    run.reject(reason);
  }

  #keep(outcome: ReloadState): void {
    this.#outcomes.push(outcome);
    if (this.#outcomes.length > outcomesMax) this.#outcomes.shift();
  }

  async #start(): Promise<void> {
    const { sources, read, log } = this.#options;
    if (sources.all.length === 0) return;
    if (read === undefined) {
      throw new HeddleError(
        'FAILED_PRECONDITION',
        `config sources (${sources.names.join(', ')}) change settings that were read from a file; give the Server its readSettings`,
      );
    }
    for (const source of sources.all) {
      // What a source says later is taken over then; its watch begins first, so that nothing falls between.
      if (source.watch !== undefined) this.#watches.push(source.watch(() => this.#changed()));
    }
    const { needsRestart } = await this.reload();
    if (needsRestart.length > 0) {
      log.warn({ settings: needsRestart }, 'config sources give settings that can not change in a running process');
    }
  }

  #stop(): void {
    this.#stopped = true;
    if (this.#timer !== undefined) this.#options.clock.clearTimer(this.#timer);
    for (const end of this.#watches.splice(0)) {
      try {
        end();
      } catch (reason) {
        this.#options.log.error({ err: reason }, 'the watch of a config source did not end');
      }
    }
  }

  #changed(): void {
    if (this.#stopped || this.#timer !== undefined) return;
    const { clock, log } = this.#options;
    this.#timer = clock.setTimer(gatherMs, () => {
      this.#timer = undefined;
      this.reload({ code: false, by: 'config source' }).catch((reason: unknown) => {
        if (!this.#stopped) log.error({ err: reason }, 'what a config source says was not taken over');
      });
    });
  }

  async #reload({ request, settings }: Run): Promise<ReloadReport> {
    const next = settings ?? (await this.#read());
    this.#checkGoing();
    return this.#options.steps.take(next, request);
  }

  async #read(): Promise<Settings> {
    const { read, sources } = this.#options;
    if (read === undefined) {
      throw new HeddleError(
        'FAILED_PRECONDITION',
        'the settings of this process came from no file: there is nothing to read',
        { retry: 'no' },
      );
    }
    const answers = new Map<string, SourceOverride[]>();
    for (const source of sources.all) {
      const answer = await this.#ask(source);
      if (answer !== undefined) answers.set(source.name, answer);
    }
    this.#checkGoing();
    return this.#readWith(read, answers);
  }

  #checkGoing(): void {
    if (this.#stopped) throw new HeddleError('CANCELLED', 'the process stops: its settings stay as they are');
  }

  /** A source that says what is wrong keeps nobody from starting or reloading: what it said before holds. */
  #readWith(read: ReadSettings, answers: ReadonlyMap<string, SourceOverride[]>): Settings {
    const all = this.#laidOver(answers);
    try {
      const settings = read(all);
      for (const [name, answer] of answers) this.#accepted.set(name, answer);
      return settings;
    } catch {
      // Without what is new from them: then it is the file that is wrong.
      let good = read(this.#laidOver(new Map()));
      for (const [name, answer] of answers) {
        try {
          good = read(this.#laidOver(new Map([[name, answer]])));
          this.#accepted.set(name, answer);
        } catch (why) {
          this.#options.log.error(
            { source: name, err: why },
            'a config source says what is wrong; it was not taken over',
          );
        }
      }
      return good;
    }
  }

  /** In the order of the sources: a later one wins. */
  #laidOver(answers: ReadonlyMap<string, SourceOverride[]>): SourceOverride[] {
    const { sources } = this.#options;
    return sources.names.flatMap((name) => answers.get(name) ?? this.#accepted.get(name) ?? []);
  }

  /** Undefined: it could not be read; what it said last holds. */
  async #ask(source: ConfigSourceDefinition): Promise<SourceOverride[] | undefined> {
    const { clock, log } = this.#options;
    const late = () => new HeddleError('DEADLINE_EXCEEDED', `it did not answer within ${sourceTimeoutMs} ms`);
    try {
      return overridesOf(source.name, await within(sourceTimeoutMs, clock, async () => source.read(), late));
    } catch (reason) {
      const holds = this.#accepted.has(source.name) ? 'what it said before' : 'the file alone';
      log.error({ source: source.name, err: reason, holds }, 'a config source could not be read');
      return undefined;
    }
  }
}
