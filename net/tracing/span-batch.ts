// SpanBatch: the spans of one tracer on one thread, from their end to its export. Two buffers at most: one that fills, one
// that is being exported; what comes when both are full is dropped and counted.
//
//   filling ──full, or everyMs after its first span──> exporting ──done, failed or too late──> empty
//
// No timer runs while it is empty.

import type { Clock } from '../../runtime/clock.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { Logger } from '../../runtime/logger.ts';
import { exportTimeoutMs, type Span, type TracerDefinition, tracerBounds } from '../../runtime/plugins/tracer.ts';
import { within } from '../../runtime/plugins/within.ts';

export class SpanBatch {
  readonly #tracer: TracerDefinition;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #maxSpans: number;
  readonly #everyMs: number;
  #filling: Span[] = [];
  #exporting: Promise<void> | undefined;
  #timer: unknown;
  #dropped = 0;

  constructor(tracer: TracerDefinition, clock: Clock, log: Logger) {
    this.#tracer = tracer;
    this.#clock = clock;
    this.#log = log;
    this.#maxSpans = tracer.maxSpans ?? tracerBounds.maxSpans.default;
    this.#everyMs = tracer.everyMs ?? tracerBounds.everyMs.default;
  }

  /** Never throws. */
  add(span: Span): void {
    if (this.#filling.length >= this.#maxSpans) {
      this.#dropped++;
      return;
    }
    this.#filling.push(span);
    if (this.#filling.length >= this.#maxSpans) this.#export();
    else if (this.#timer === undefined) this.#arm();
  }

  /** Exports what is there, and waits for it. Never rejects. The caller bounds it. */
  async flush(): Promise<void> {
    while (this.#exporting !== undefined || this.#filling.length > 0) {
      this.#export();
      await this.#exporting;
    }
    this.#disarm();
  }

  #arm(): void {
    this.#timer = this.#clock.setTimer(this.#everyMs, () => {
      this.#timer = undefined;
      this.#export();
    });
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  /** Nothing to do while one is under way: its end looks again. */
  #export(): void {
    if (this.#exporting !== undefined || this.#filling.length === 0) return;
    this.#disarm();
    const spans = this.#filling;
    this.#filling = [];
    this.#exporting = this.#hand(spans).then(() => {
      this.#exporting = undefined;
      this.#tellDropped();
      if (this.#filling.length >= this.#maxSpans) this.#export();
      else if (this.#filling.length > 0 && this.#timer === undefined) this.#arm();
    });
  }

  async #hand(spans: Span[]): Promise<void> {
    const { length } = spans;
    const over = new AbortController();
    const late = () => new HeddleError('DEADLINE_EXCEEDED', `the export took longer than ${exportTimeoutMs} ms`);
    try {
      await within(exportTimeoutMs, this.#clock, async () => this.#tracer.export(spans, over.signal), late);
    } catch (reason) {
      over.abort(reason);
      this.#log.warn({ err: reason, tracer: this.#tracer.name, spans: length }, 'a batch of spans was not exported');
    }
  }

  /** Once for each export, not for each span. */
  #tellDropped(): void {
    if (this.#dropped === 0) return;
    const fields = { tracer: this.#tracer.name, dropped: this.#dropped, maxSpans: this.#maxSpans };
    this.#dropped = 0;
    this.#log.warn(fields, 'spans were dropped, since their exporter was slower than they came');
  }
}
