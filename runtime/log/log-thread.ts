// The log thread's main: the one thread that writes the log. It sleeps in shared memory (LogBell), never in an event
// loop; it may block, since nobody waits for it but a flush with a bound of its own.

import { writeSync } from 'node:fs';
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { systemClock } from '../clock.ts';
import type { LogSettings } from '../settings.ts';
import { LogBell } from '../shared/log-bell.ts';
import { LogDrain } from './drain.ts';
import { RotatingFile } from './rotating-file.ts';
import { StandardSink } from './sink.ts';

/** What main gives the log thread at its start. */
export interface LogThreadData {
  settings: LogSettings;
  bell: SharedArrayBuffer;
  control: MessagePort;
}

/** What main tells it while it runs; each is followed by an urgent ring. */
export type LogThreadMessage =
  | { do: 'add'; id: number; source: string; ring: SharedArrayBuffer }
  | { do: 'end'; id: number };

/** After a write lines gather for this long, ms, so that a busy process pays 200 wake-ups a second and not one per line. */
const lingerMs = 5;
/** Between two tries at a destination that takes nothing, ms. */
const blockedMs = 10;

function run({ settings, bell: bellMemory, control }: LogThreadData): void {
  const bell = new LogBell(bellMemory);
  const sink =
    settings.file === undefined
      ? new StandardSink(1)
      : new RotatingFile({ path: settings.file, settings, clock: systemClock, complain });
  const drain = new LogDrain({ sink, clock: systemClock, complain, color: process.env.NO_COLOR === undefined });
  let told = false;
  const obey = (): boolean => {
    for (let next = receiveMessageOnPort(control); next !== undefined; next = receiveMessageOnPort(control)) {
      const message = next.message as LogThreadMessage;
      if (message.do === 'add') drain.add(message.id, message.source, message.ring);
      else drain.end(message.id);
      told = true;
    }
    return told || bell.closing;
  };
  const hasWork = () => obey() || drain.hasWork;

  for (;;) {
    obey();
    told = false;
    // Read before the round: what was put before close() is in it.
    const closing = bell.closing;
    const outcome = drain.round();
    bell.endRound();
    if (outcome === 'blocked') bell.pause(blockedMs);
    else if (closing) break;
    else if (outcome === 'wrote') bell.linger(lingerMs, obey);
    else bell.park(hasWork);
  }
  drain.close();
  control.close();
}

function complain(sentence: string): void {
  try {
    writeSync(2, `heddle: ${sentence}\n`);
  } catch {
    // Standard error is gone too: there is nobody left to tell.
  }
}

run(workerData as LogThreadData);
