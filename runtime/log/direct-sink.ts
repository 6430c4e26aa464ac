// queuedSink: a sink of a plugin that takes bytes at once, driven like any other: what it does not take yet waits in its
// own queue, not in the rings. Log thread.

import type { Clock } from '../clock.ts';
import type { DirectLogSink, QueuedLogSink } from '../plugins/log-sink.ts';
import { humanLines } from './human-line.ts';

/** Between two tries at a sink that takes nothing, ms. */
const blockedMs = 10;
/** How long one may take nothing before the log says so, ms. */
const timeoutMs = 10_000;

export function queuedSink(direct: DirectLogSink, clock: Clock): QueuedLogSink {
  const { name, bufferBytes, human } = direct;
  const color = process.env.NO_COLOR === undefined;
  /** What is left. */
  const writeSome = (bytes: Buffer): Buffer => {
    let left = bytes;
    while (left.length > 0) {
      const written = direct.writeSync(left);
      if (written === 0) break;
      left = left.subarray(written);
    }
    return left;
  };
  // Not given up when its time is over: the line that was cut off must be ended first.
  const writeRest = async (bytes: Buffer): Promise<void> => {
    for (let left = bytes; left.length > 0; left = writeSome(left)) {
      await new Promise<void>((resolve) => {
        clock.setTimer(blockedMs, resolve);
      });
    }
  };
  return {
    name,
    bufferBytes,
    timeoutMs,
    write({ bytes }) {
      const left = writeSome(human ? Buffer.from(humanLines(bytes.toString(), color)) : bytes);
      return left.length === 0 ? undefined : writeRest(left);
    },
    close: () => direct.close(),
  };
}
