// MetricSinks (main thread): calls the metric sinks of plugins every so often with all samples, and once more at the stop,
// when all threads have ended. A part of the server, after its plugins and before all else, so that it stops between them.

import type { Part } from '../actor.ts';
import type { Clock } from '../clock.ts';
import { HeddleError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { MetricSink } from '../plugins/metric-sink.ts';
import { within } from '../plugins/within.ts';
import type { MetricMemory } from '../shared/metric-memory.ts';
import { MetricReader, type MetricSample } from './metric-reader.ts';

/** How long the last writes of all sinks together may take, ms. */
export const flushTimeoutMs = 1_000;

export interface MetricSinksOptions {
  memory: MetricMemory;
  /** Known once this part starts. */
  sinks(): readonly MetricSink[];
  clock: Clock;
  log: Logger;
}

export class MetricSinks implements Part {
  readonly name = 'metrics';
  readonly #options: MetricSinksOptions;
  readonly #reader: MetricReader;
  #schedules: SinkSchedule[] = [];

  constructor(options: MetricSinksOptions) {
    this.#options = options;
    this.#reader = new MetricReader(options.memory.directory);
  }

  async start(): Promise<void> {
    const { sinks, clock, log } = this.#options;
    this.#schedules = sinks().map((sink) => new SinkSchedule(sink, () => this.#read(), clock, log));
    for (const schedule of this.#schedules) schedule.start();
  }

  async drain(): Promise<void> {}

  async stop(): Promise<void> {
    await Promise.all(this.#schedules.map((schedule) => schedule.stop()));
  }

  #read(): MetricSample[] {
    for (const [number, cells] of this.#options.memory.cells) this.#reader.addCells(number, cells);
    return this.#reader.read();
  }
}

/** One sink. */
class SinkSchedule {
  readonly #sink: MetricSink;
  readonly #read: () => MetricSample[];
  readonly #clock: Clock;
  readonly #log: Logger;
  #timer: unknown;
  /** The write that has not settled, past its time too. */
  #writing: Promise<void> | undefined;
  /** Writes in a row that have failed; the first is told, and the end of the row. */
  #failures = 0;

  constructor(sink: MetricSink, read: () => MetricSample[], clock: Clock, log: Logger) {
    this.#sink = sink;
    this.#read = read;
    this.#clock = clock;
    this.#log = log;
  }

  start(): void {
    this.#timer = this.#clock.setTimer(this.#sink.everyMs, () => {
      this.start();
      if (this.#writing === undefined) void this.#write(this.#sink.timeoutMs, false);
    });
  }

  /** Writes for the last time. A write that is under way has its time first; one that does not end is left alone. */
  async stop(): Promise<void> {
    const endMs = this.#clock.nowMs() + flushTimeoutMs;
    this.#clock.clearTimer(this.#timer);
    if (this.#writing !== undefined) {
      const late = () => new HeddleError('DEADLINE_EXCEEDED', 'it had not ended the write before');
      const before = this.#writing;
      const failure = await within(flushTimeoutMs, this.#clock, () => before, late).catch((reason: unknown) => reason);
      if (failure !== undefined) {
        this.#log.error({ sink: this.#sink.name, err: failure }, 'the last values were not written to the metric sink');
        return;
      }
    }
    await this.#write(Math.max(0, endMs - this.#clock.nowMs()), true);
  }

  async #write(timeoutMs: number, isLast: boolean): Promise<void> {
    const { name } = this.#sink;
    const over = new AbortController();
    const late = () => {
      const next = isLast ? '' : '; it is not called again before it has';
      return new HeddleError('DEADLINE_EXCEEDED', `its write did not end within ${Math.round(timeoutMs)} ms${next}`);
    };
    const call = { wallMs: this.#clock.wallMs(), isLast, signal: over.signal };
    try {
      await within(timeoutMs, this.#clock, () => this.#call(call), late);
      if (this.#failures > 0) this.#log.info({ sink: name, failures: this.#failures }, 'the metric sink works again');
      this.#failures = 0;
    } catch (reason) {
      over.abort(reason);
      if (++this.#failures === 1 || isLast) this.#log.error({ sink: name, err: reason }, 'the metric sink failed');
    }
  }

  #call(call: Parameters<MetricSink['write']>[1]): Promise<void> {
    const settled = (): void => {
      this.#writing = undefined;
    };
    const write = async (): Promise<void> => void (await this.#sink.write(this.#read(), call));
    const written = write();
    this.#writing = written.then(settled, settled);
    return written;
  }
}
