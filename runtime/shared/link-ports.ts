// LinkPorts over MessagePorts: a bell that wakes the peer's event loop and a side port for large replies, which is read
// without an event. And a thread's ports to itself, which are plain memory.

import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { LinkPorts } from './link.ts';

interface SideMessage {
  sequence: number;
  bytes: Uint8Array<ArrayBuffer>;
}

/** What a thread's rings have taken it so far, ms: a system call, and often an interrupt for another processor. */
export interface RingTime {
  ms: number;
}

/** `onBell` is called for each ring of the peer; `spent` is kept by the clock `nowMs`. */
export function messagePorts(
  bell: MessagePort,
  side: MessagePort,
  onBell: () => void,
  nowMs: () => number,
  spent: RingTime,
): LinkPorts {
  bell.on('message', onBell);
  return {
    ring: () => {
      const startMs = nowMs();
      bell.postMessage(0);
      spent.ms += nowMs() - startMs;
    },
    post: (sequence, bytes) => side.postMessage({ sequence, bytes } satisfies SideMessage, [bytes.buffer]),
    receive: () => (receiveMessageOnPort(side) as { message: SideMessage } | undefined)?.message,
    close: () => {
      bell.close();
      side.close();
    },
  };
}

/** A thread is awake when it rings itself, but it may be about to park: `onBell` makes it look again. */
export function ownPorts(onBell: () => void): LinkPorts {
  const messages: SideMessage[] = [];
  return {
    ring: onBell,
    post: (sequence, bytes) => {
      messages.push({ sequence, bytes });
    },
    receive: () => messages.shift(),
    close: () => {},
  };
}
