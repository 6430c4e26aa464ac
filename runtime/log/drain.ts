// LogDrain: takes lines out of the threads' rings and writes them to one sink. Lives on the log thread; on main only
// after the log thread has died. What the sink refuses for now waits in the rings, whose writers then drop and count:
// the log as a whole never holds more than its rings and one batch.

import type { Clock } from '../clock.ts';
import { LogRingReader, logLineMaxBytes } from '../shared/log-ring.ts';
import { humanLines } from './human-line.ts';
import type { LogSink } from './sink.ts';

/** How often at most the log speaks of its own trouble on standard error, ms. */
export const complainEveryMs = 60_000;

interface Source {
  name: string;
  ring: LogRingReader;
  /** Its thread is dead: goes once its ring is empty. */
  ended: boolean;
}

export interface LogDrainOptions {
  sink: LogSink;
  clock: Clock;
  /** Told at most every `complainEveryMs` that the sink fails. */
  complain: (sentence: string) => void;
  /** Colors for a terminal. */
  color: boolean;
}

export class LogDrain {
  readonly #sink: LogSink;
  readonly #clock: Clock;
  readonly #complain: (sentence: string) => void;
  readonly #color: boolean;
  readonly #sources = new Map<number, Source>();
  readonly #batch = Buffer.allocUnsafe(logLineMaxBytes);
  /** What is being written, and what of a ring goes free when it is. */
  #pending: Buffer = Buffer.alloc(0);
  #pendingRing: LogRingReader | undefined;
  #pendingRingBytes = 0;
  #atLineStart = true;
  #lostLines = 0;
  #complainAtMs = 0;

  constructor({ sink, clock, complain, color }: LogDrainOptions) {
    this.#sink = sink;
    this.#clock = clock;
    this.#complain = complain;
    this.#color = color;
  }

  add(id: number, name: string, memory: SharedArrayBuffer): void {
    this.#sources.set(id, { name, ring: new LogRingReader(memory), ended: false });
  }

  /** The thread of this source is dead: what it has put is still written. */
  end(id: number): void {
    const source = this.#sources.get(id);
    if (source !== undefined) source.ended = true;
  }

  get hasWork(): boolean {
    for (const source of this.#sources.values()) if (!source.ring.empty) return true;
    return this.#pending.length > 0;
  }

  /** Writes what the rings hold, source by source. `blocked`: the sink takes nothing more at the moment. */
  round(): 'idle' | 'wrote' | 'blocked' {
    if (!this.#writePending()) return 'blocked';
    let wrote = false;
    for (const [id, source] of this.#sources) {
      const tail = source.ring.tail;
      for (;;) {
        const bytes = source.ring.peek(this.#batch, tail);
        if (bytes === 0) break;
        wrote = true;
        this.#pendingRing = source.ring;
        this.#pendingRingBytes = bytes;
        if (!this.#write(this.#batch.subarray(0, bytes))) return 'blocked';
      }
      const dropped = source.ring.dropped;
      if (dropped > 0) {
        const written = this.#note(source.name, droppedSentence(dropped), { dropped });
        source.ring.reportDropped(dropped);
        if (!written) return 'blocked';
      }
      if (source.ended && source.ring.empty) this.#sources.delete(id);
    }
    return wrote ? 'wrote' : 'idle';
  }

  close(): void {
    this.#sink.close();
  }

  #write(json: Buffer): boolean {
    this.#pending = this.#sink.human ? Buffer.from(humanLines(json.toString(), this.#color)) : json;
    // The line before was cut off by an error: this one must not continue it.
    if (!this.#atLineStart) this.#pending = Buffer.concat([Buffer.from('\n'), this.#pending]);
    return this.#writePending();
  }

  /** False: the sink is full, and what is left stays pending. */
  #writePending(): boolean {
    const begun = this.#pending.length > 0;
    while (this.#pending.length > 0) {
      try {
        const written = this.#sink.write(this.#pending);
        if (written === 0) return false;
        this.#atLineStart = this.#pending[written - 1] === 0x0a;
        this.#pending = this.#pending.subarray(written);
      } catch (error) {
        this.#lose(error as Error);
        return true;
      }
    }
    this.#releaseRing();
    const lost = this.#lostLines;
    if (!begun || lost === 0) return true;
    this.#lostLines = 0;
    return this.#note('log', `${lost} log ${lines(lost)} lost: the log's destination failed`, { lost });
  }

  /** A full disk or a reader that has gone: the batch is given up, so that the rings go on and a flush ends. */
  #lose(error: Error): void {
    // From 1: a newline at 0 is the one that ends a line which was cut off, and counted, before.
    for (let at = 1; at < this.#pending.length; at++) if (this.#pending[at] === 0x0a) this.#lostLines++;
    this.#pending = this.#pending.subarray(this.#pending.length);
    const nowMs = this.#clock.nowMs();
    if (nowMs >= this.#complainAtMs) {
      this.#complainAtMs = nowMs + complainEveryMs;
      this.#complain(`log lines are being lost (${this.#lostLines} so far): ${error.message}`);
    }
    // Last, since it is what ends a flush: whoever waited may end the process next.
    this.#releaseRing();
  }

  #releaseRing(): void {
    this.#pendingRing?.release(this.#pendingRingBytes);
    this.#pendingRing = undefined;
  }

  /** A line of the log's own. */
  #note(source: string, msg: string, fields: object): boolean {
    const line = { level: 'warn', time: this.#clock.wallMs(), source, component: 'log', ...fields, msg };
    return this.#write(Buffer.from(`${JSON.stringify(line)}\n`));
  }
}

function droppedSentence(dropped: number): string {
  return `${dropped} log ${lines(dropped)} dropped: too long, or logged faster than the destination takes them`;
}

function lines(count: number): string {
  return count === 1 ? 'line' : 'lines';
}
