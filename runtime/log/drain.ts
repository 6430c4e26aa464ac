// LogDrain: takes lines out of the threads' rings and writes them to one sink. Lives on the log thread; on main only
// after the log thread has died. What the sink refuses waits in the rings, whose writers then drop and count: the log
// never holds more than its rings, one batch, and what the sinks of plugins buffer within bounds of their own.

import type { Clock } from '../clock.ts';
import { LogRingReader, logLineMaxBytes } from '../shared/log-ring.ts';
import { humanLines } from './human-line.ts';
import type { LogDestination } from './sink.ts';

/** How often at most the log speaks of its own trouble, ms. */
export const complainEveryMs = 60_000;
/** Lines of the log thread's own that wait; over it new ones are dropped. */
const notesMax = 100;

interface Source {
  name: string;
  ring: LogRingReader;
  /** The log thread itself: for the destination only, so that no sink is fed by what it does. */
  own: boolean;
  /** Its thread is dead: goes once its ring is empty. */
  ended: boolean;
}

export interface LogDrainOptions {
  sink: LogDestination;
  clock: Clock;
  /** Told at most every `complainEveryMs` that the sink fails. */
  complain: (sentence: string) => void;
  /** Colors for a terminal. */
  color: boolean;
  /** Sees each batch of lines once, before the sink; copies what it keeps. */
  tee?: (lines: Buffer) => void;
}

export class LogDrain {
  readonly #sink: LogDestination;
  readonly #clock: Clock;
  readonly #complain: (sentence: string) => void;
  readonly #color: boolean;
  readonly #tee: (lines: Buffer) => void;
  readonly #sources = new Map<number, Source>();
  readonly #batch = Buffer.allocUnsafe(logLineMaxBytes);
  /** What is being written, and what of a ring goes free when it is. */
  #pending: Buffer = Buffer.alloc(0);
  #pendingRing: LogRingReader | undefined;
  #pendingRingBytes = 0;
  /** See note(). */
  readonly #notes: string[] = [];
  #atLineStart = true;
  #lostLines = 0;
  #complainAtMs = 0;

  constructor({ sink, clock, complain, color, tee = () => {} }: LogDrainOptions) {
    this.#sink = sink;
    this.#clock = clock;
    this.#complain = complain;
    this.#color = color;
    this.#tee = tee;
  }

  /** `follows`: the source that had this ring before, whose lines are all written; 0: none. */
  add(id: number, name: string, memory: SharedArrayBuffer, own = false, follows = 0): void {
    this.#sources.delete(follows);
    this.#sources.set(id, { name, ring: new LogRingReader(memory), own, ended: false });
  }

  /** A line of the log thread's own, for the destination only. */
  note(line: string): void {
    if (this.#notes.length < notesMax) this.#notes.push(line);
  }

  /** The thread of this source is dead: what it has put is still written. */
  end(id: number): void {
    const source = this.#sources.get(id);
    if (source !== undefined) source.ended = true;
  }

  get hasWork(): boolean {
    for (const source of this.#sources.values()) if (!source.ring.empty) return true;
    return this.#pending.length > 0 || this.#notes.length > 0;
  }

  /** Writes what the rings hold, source by source. `blocked`: the sink takes nothing more at the moment. */
  round(): 'idle' | 'wrote' | 'blocked' {
    if (!this.#writePending()) return 'blocked';
    let wrote = false;
    for (let note = this.#notes.shift(); note !== undefined; note = this.#notes.shift()) {
      wrote = true;
      if (!this.#write(Buffer.from(note), true)) return 'blocked';
    }
    for (const [id, source] of this.#sources) {
      const tail = source.ring.tail;
      for (;;) {
        const bytes = source.ring.peek(this.#batch, tail);
        if (bytes === 0) break;
        wrote = true;
        this.#pendingRing = source.ring;
        this.#pendingRingBytes = bytes;
        if (!this.#write(this.#batch.subarray(0, bytes), source.own)) return 'blocked';
      }
      const dropped = source.ring.dropped;
      if (dropped > 0) {
        const written = this.#note(source.name, droppedSentence(dropped), { dropped }, source.own);
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

  #write(json: Buffer, own = false): boolean {
    if (!own) this.#tee(json);
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
        const written = this.#sink.writeSync(this.#pending);
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
  #note(source: string, msg: string, fields: object, own = false): boolean {
    const line = { level: 'warn', time: this.#clock.wallMs(), source, component: 'log', ...fields, msg };
    return this.#write(Buffer.from(`${JSON.stringify(line)}\n`), own);
  }
}

function droppedSentence(dropped: number): string {
  return `${dropped} log ${lines(dropped)} dropped: too long, or logged faster than the destination takes them`;
}

function lines(count: number): string {
  return count === 1 ? 'line' : 'lines';
}
