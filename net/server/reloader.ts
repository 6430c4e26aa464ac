// Reloader (main thread): where changed settings come from. It reads heddle.yaml once more, with what the plugins' config
// sources say laid over it, and hands them to ServerLive: when an operator asks for it, on a signal, and when a source
// has something new. One at a time; what is wrong changes nothing.

import type { Part } from '../../runtime/actor.ts';
import type { Clock } from '../../runtime/clock.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { Logger } from '../../runtime/logger.ts';
import { type ConfigSourceDefinition, overridesOf, type SourceOverride } from '../../runtime/plugins/config-source.ts';
import type { Registry } from '../../runtime/plugins/registry.ts';
import { within } from '../../runtime/plugins/within.ts';
import type { Settings } from '../../runtime/settings.ts';
import type { ReloadReport, ServerLive } from './server-live.ts';

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
  live: ServerLive;
  clock: Clock;
  log: Logger;
}

export class Reloader {
  readonly #options: ReloaderOptions;
  /** What each source said last that was right, by its name: it holds while the source can't be asked or says what is wrong. */
  readonly #accepted = new Map<string, SourceOverride[]>();
  readonly #watches: (() => void)[] = [];
  #running: Promise<ReloadReport> | undefined;
  /** Begins when that one has ended; whoever asks meanwhile shares it. */
  #next: Promise<ReloadReport> | undefined;
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

  /** Throws what is wrong with the config, or FAILED_PRECONDITION when it came from no file; then nothing has changed. */
  reload(): Promise<ReloadReport> {
    if (this.#running === undefined) return this.#begin();
    this.#next ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        return this.#begin();
      });
    return this.#next;
  }

  #begin(): Promise<ReloadReport> {
    const running = this.#reload().finally(() => {
      this.#running = undefined;
    });
    this.#running = running;
    return running;
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
      this.reload().catch((reason: unknown) => {
        if (!this.#stopped) log.error({ err: reason }, 'what a config source says was not taken over');
      });
    });
  }

  async #reload(): Promise<ReloadReport> {
    const { read, sources, live } = this.#options;
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
    if (this.#stopped) throw new HeddleError('CANCELLED', 'the process stops: its settings stay as they are');
    return live.reload(this.#readWith(read, answers));
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
