// LinkPorts over MessagePorts: a bell that wakes the peer's event loop and a side port for large replies, which is read
// without an event. And a thread's ports to itself, which are plain memory.

import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { LinkPorts } from './link.ts';

interface SideMessage {
  sequence: number;
  bytes: Uint8Array<ArrayBuffer>;
}

/** `onBell` is called for each ring of the peer. */
export function messagePorts(bell: MessagePort, side: MessagePort, onBell: () => void): LinkPorts {
  bell.on('message', onBell);
  return {
    ring: () => bell.postMessage(0),
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
