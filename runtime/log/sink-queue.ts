// SinkQueue (log thread): the lines on their way to one sink of a plugin. It waits for nobody and nobody waits for it:
// `put` copies, `turn` hands over what there is when the sink is free. A line that it has no room for is lost to it alone.
//
//   idle     nothing waits, nothing is being written
//   waiting  lines wait for the next `turn`
//   writing  a promise of the sink has not settled; lines wait behind it. Left when it settles, however late
//   ended    for good: takes nothing more, what it still writes is nobody's

import type { Clock } from '../clock.ts';
import { HeddleError } from '../errors.ts';
import type { LogBatch, LogSinkCall, QueuedLogSink } from '../plugins/log-sink.ts';
import { within } from '../plugins/within.ts';
import { formatDuration } from '../units.ts';
import { complainEveryMs } from './drain.ts';

/** What a sink is given at once at most, bytes. No line is longer. */
export const batchMaxBytes = 262_144;
const newline = 0x0a;

/** What the log should say about a sink, at most one in `complainEveryMs` of each kind. */
export type SinkTrouble =
  /** `slow`: a write of an earlier turn was still under way; else they were more at once than the buffer holds. */
  | { kind: 'lost'; lines: number; slow: boolean }
  /** `times`: since it was last said. */
  | { kind: 'failed'; times: number; reason: unknown };

export interface SinkQueueOptions {
  sink: QueuedLogSink;
  clock: Clock;
  onTrouble(sink: string, trouble: SinkTrouble): void;
  /** A write has settled, and nothing waits. */
  onIdle(): void;
}

interface Chunk {
  bytes: Buffer<ArrayBuffer>;
  /** Lines lost right before it. */
  lost: number;
}

export class SinkQueue {
  readonly #options: SinkQueueOptions;
  readonly #sink: QueuedLogSink;
  readonly #chunks: Chunk[] = [];
  /** Of the chunks, and of what is being written. */
  #heldBytes = 0;
  /** Lines lost behind the last chunk. */
  #lost = 0;
  #writing: { call: SinkCall; settled: Promise<void> } | undefined;
  /** It is inside of `write`. */
  #calling = false;
  /** At the last turn a write was under way. */
  #slow = false;
  #ended = false;
  readonly #untold = { lost: 0, slow: false, failed: 0 };
  readonly #tellAtMs = { lost: 0, failed: 0 };

  constructor(options: SinkQueueOptions) {
    this.#options = options;
    this.#sink = options.sink;
  }

  get name(): string {
    return this.#sink.name;
  }

  get isIdle(): boolean {
    return this.#writing === undefined && this.#chunks.length === 0;
  }

  /** Takes whole lines, copies them. Without room for one, a sink that is free is handed what waits; else that line is lost. */
  put(lines: Buffer): void {
    if (this.#ended) return;
    let lost = 0;
    for (let at = 0; at < lines.length; ) {
      const end = wholeLines(lines, at, this.#sink.bufferBytes - this.#heldBytes);
      if (end > at) {
        this.#hold(lines.subarray(at, end));
        at = end;
      } else if (this.#mayWrite) {
        this.#handOver();
      } else {
        at = lineEnd(lines, at);
        this.#lost++;
        lost++;
      }
    }
    if (lost === 0) return;
    this.#untold.lost += lost;
    this.#untold.slow ||= this.#slow;
    this.#tellLost();
  }

  /** Hands over what waits, unless a write is under way. */
  turn(): void {
    this.#handOver();
    this.#slow = this.#writing !== undefined;
  }

  /** Says what was lost and not yet told of. */
  tellLost(): void {
    this.#tellLost(true);
  }

  /** Writes what waits, then closes the sink; both have `boundMs`. Past it what is left is lost, which the log says. */
  async end(boundMs: number): Promise<void> {
    const bound = formatDuration(boundMs);
    const late = () =>
      new HeddleError('DEADLINE_EXCEEDED', `it had not written what waited and closed within ${bound}`);
    try {
      await within(boundMs, this.#options.clock, () => this.#finish(), late);
    } catch (reason) {
      this.#ended = true;
      this.#writing?.call.abort(reason);
      for (const { bytes } of this.#chunks.splice(0)) this.#untold.lost += countLines(bytes);
      this.#untold.slow = true;
      this.#tellFailed(reason, true);
    }
    this.#tellLost(true);
  }

  async #finish(): Promise<void> {
    this.turn();
    while (this.#writing !== undefined) await this.#writing.settled;
    this.#ended = true;
    await this.#sink.close({ lost: this.#lost });
  }

  #hold(lines: Buffer): void {
    this.#chunks.push({ bytes: Buffer.from(lines), lost: this.#lost });
    this.#heldBytes += lines.length;
    this.#lost = 0;
  }

  /** Not while its `write` runs: what that throws is told to the others, whose trouble may come back here. */
  get #mayWrite(): boolean {
    return this.#writing === undefined && !this.#calling && this.#chunks.length > 0;
  }

  #handOver(): void {
    while (this.#mayWrite) this.#write(this.#take());
  }

  /** The first chunks up to `batchMaxBytes`, and up to the next gap. */
  #take(): Chunk {
    const [first, ...rest] = this.#chunks as [Chunk, ...Chunk[]];
    let bytes = first.bytes.length;
    let count = 1;
    for (const chunk of rest) {
      if (chunk.lost > 0 || bytes + chunk.bytes.length > batchMaxBytes) break;
      bytes += chunk.bytes.length;
      count++;
    }
    const taken = this.#chunks.splice(0, count);
    if (count === 1) return first;
    return {
      bytes: Buffer.concat(
        taken.map((chunk) => chunk.bytes),
        bytes,
      ),
      lost: first.lost,
    };
  }

  #write({ bytes, lost }: Chunk): void {
    const call = new SinkCall(lost);
    let written: PromiseLike<unknown> | undefined;
    this.#calling = true;
    try {
      const value = this.#sink.write(new SinkBatch(bytes), call);
      if (isThenable(value)) written = value;
    } catch (reason) {
      this.#tellFailed(reason);
    } finally {
      this.#calling = false;
    }
    if (written === undefined) {
      this.#heldBytes -= bytes.length;
      return;
    }
    const { clock, onIdle } = this.#options;
    const { timeoutMs } = this.#sink;
    const timer = clock.setTimer(timeoutMs, () => {
      const sentence = `its write did not end within ${formatDuration(timeoutMs)}; it is not called again before it has`;
      const reason = new HeddleError('DEADLINE_EXCEEDED', sentence);
      this.#tellFailed(reason);
      call.abort(reason);
    });
    const settle = (): void => {
      clock.clearTimer(timer);
      this.#heldBytes -= bytes.length;
      this.#writing = undefined;
      this.turn();
      if (this.isIdle) onIdle();
    };
    const fail = (reason: unknown): void => {
      // One that was aborted has been told of.
      try {
        if (!call.isAborted) this.#tellFailed(reason);
      } finally {
        settle();
      }
    };
    // Not Promise.resolve(), which throws what a getter of a promise's `constructor` does.
    this.#writing = { call, settled: new Promise((resolve) => resolve(written)).then(settle, fail) };
  }

  #tellLost(now = false): void {
    const lines = this.#untold.lost;
    if (lines === 0 || !this.#mayTell('lost', now)) return;
    const { slow } = this.#untold;
    this.#untold.lost = 0;
    this.#untold.slow = false;
    this.#options.onTrouble(this.name, { kind: 'lost', lines, slow });
  }

  #tellFailed(reason: unknown, now = false): void {
    const times = ++this.#untold.failed;
    if (!this.#mayTell('failed', now)) return;
    this.#untold.failed = 0;
    this.#options.onTrouble(this.name, { kind: 'failed', times, reason });
  }

  #mayTell(kind: SinkTrouble['kind'], now: boolean): boolean {
    const nowMs = this.#options.clock.nowMs();
    if (!now && nowMs < this.#tellAtMs[kind]) return false;
    this.#tellAtMs[kind] = nowMs + complainEveryMs;
    return true;
  }
}

class SinkBatch implements LogBatch {
  readonly bytes: Buffer<ArrayBuffer>;
  #lines: readonly string[] | undefined;

  constructor(bytes: Buffer<ArrayBuffer>) {
    this.bytes = bytes;
  }

  get lines(): readonly string[] {
    this.#lines ??= this.bytes.toString('utf8', 0, this.bytes.length - 1).split('\n');
    return this.#lines;
  }
}

/** The signal is made when somebody asks for it: most writes end without. */
class SinkCall implements LogSinkCall {
  readonly lost: number;
  #over: AbortController | undefined;
  #reason: { value: unknown } | undefined;

  constructor(lost: number) {
    this.lost = lost;
  }

  get isAborted(): boolean {
    return this.#reason !== undefined;
  }

  get signal(): AbortSignal {
    this.#over ??= new AbortController();
    if (this.#reason !== undefined) this.#over.abort(this.#reason.value);
    return this.#over.signal;
  }

  abort(reason: unknown): void {
    this.#reason ??= { value: reason };
    this.#over?.abort(reason);
  }
}

/** Where the whole lines end that begin at `from` and have room; `from`: not one. */
function wholeLines(lines: Buffer, from: number, room: number): number {
  if (lines.length - from <= room) return lines.length;
  return room > 0 ? Math.max(from, lines.lastIndexOf(newline, from + room - 1) + 1) : from;
}

function lineEnd(lines: Buffer, from: number): number {
  const at = lines.indexOf(newline, from);
  return at === -1 ? lines.length : at + 1;
}

function countLines(lines: Buffer): number {
  let count = 0;
  for (let at = 0; at < lines.length; at = lineEnd(lines, at)) count++;
  return count;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
