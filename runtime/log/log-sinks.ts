// LogSinks (log thread): the sinks of plugins, beside the destination. The drain gives each batch of lines to all of them;
// what goes wrong with one is told to the destination and to the others, never to itself.

import type { Clock } from '../clock.ts';
import { disposeTimeoutMs } from '../plugins/install.ts';
import { isDirect, type LogSink } from '../plugins/log-sink.ts';
import { logLineMaxBytes } from '../shared/log-ring.ts';
import { queuedSink } from './direct-sink.ts';
import { errorFields, errorTexts } from './error-fields.ts';
import { SinkQueue, type SinkTrouble } from './sink-queue.ts';

export interface LogSinksOptions {
  sinks: readonly LogSink[];
  clock: Clock;
  /** A line for the destination. */
  note(line: string): void;
  /** Whether a sink has lines that it has not written yet; called when that changes. */
  onBusy(busy: boolean): void;
}

export class LogSinks {
  readonly #options: LogSinksOptions;
  readonly #queues: readonly SinkQueue[];
  #busy = false;

  constructor(options: LogSinksOptions) {
    this.#options = options;
    const { sinks, clock } = options;
    this.#queues = sinks.map(
      (sink) =>
        new SinkQueue({
          sink: isDirect(sink) ? queuedSink(sink, clock) : sink,
          clock,
          onTrouble: (name, trouble) => this.#tell(name, trouble),
          onIdle: () => this.#look(),
        }),
    );
  }

  /** Takes a batch of whole lines; copies it. Calls a sink only when that makes it room: the destination comes first. */
  put(lines: Buffer): void {
    for (const queue of this.#queues) queue.put(lines);
    this.#look();
  }

  /** Hands over to the sinks that are free. */
  turn(): void {
    for (const queue of this.#queues) queue.turn();
    this.#look();
  }

  /** Writes what waits and closes all, together within `disposeTimeoutMs`. Never throws. */
  async end(): Promise<void> {
    // While the others still take it.
    for (const queue of this.#queues) queue.tellLost();
    await Promise.all(this.#queues.map((queue) => queue.end(disposeTimeoutMs)));
  }

  #look(): void {
    const busy = this.#queues.some(({ isIdle }) => !isIdle);
    if (busy === this.#busy) return;
    this.#busy = busy;
    this.#options.onBusy(busy);
  }

  #tell(sink: string, trouble: SinkTrouble): void {
    const { clock, note } = this.#options;
    const head = { time: clock.wallMs(), source: 'log', component: 'log', sink };
    const line =
      trouble.kind === 'lost'
        ? JSON.stringify({
            level: 'warn',
            ...head,
            lost: trouble.lines,
            msg: lostSentence(trouble.lines, trouble.slow),
          })
        : failedLine({ level: 'error', ...head, times: trouble.times }, trouble.reason);
    note(`${line}\n`);
    const bytes = Buffer.from(`${line}\n`);
    for (const queue of this.#queues) if (queue.name !== sink) queue.put(bytes);
    this.#look();
  }
}

function lostSentence(lines: number, slow: boolean): string {
  const lost = `${lines === 1 ? '1 log line' : `${lines} log lines`} lost to a log sink`;
  if (slow) return `${lost}: it takes them too slowly`;
  return `${lost}: its buffer has no room for what came at once; give it more bufferBytes`;
}

/** JSON can't write all that a sink may throw, and the line must stay one: then the texts of the error do. */
function failedLine(head: object, reason: unknown): string {
  const msg = 'the log sink failed';
  try {
    const line = JSON.stringify({ ...head, err: errorFields(reason), msg });
    if (Buffer.byteLength(line) < logLineMaxBytes) return line;
  } catch {
    // A cycle, a BigInt, a toJSON that throws.
  }
  return JSON.stringify({ ...head, err: errorTexts(reason), msg });
}
