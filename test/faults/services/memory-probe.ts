// The memory of every thread that loads the test handlers, for tests that watch it grow: main asks on a channel, each
// thread collects its garbage and answers. Off unless main has switched it on before the server starts.

import { BroadcastChannel, getEnvironmentData, setEnvironmentData, threadId } from 'node:worker_threads';

const switchKey = 'heddle test memory';
const channelName = 'heddle test memory';

type Message = { ask: number } | { answer: number; thread: number; usedBytes: number };

export function switchMemoryProbeOn(): void {
  setEnvironmentData(switchKey, true);
}

/** Kept, or it would be collected as garbage itself. */
let answering: BroadcastChannel | undefined;

/** On every thread with handlers. */
export function answerMemoryProbe(): void {
  if (answering !== undefined || threadId === 0 || getEnvironmentData(switchKey) !== true) return;
  const channel = new BroadcastChannel(channelName);
  answering = channel;
  channel.unref();
  channel.onmessage = (event) => {
    const message = (event as { data: Message }).data;
    // All threads hear each other's answers too.
    if ('ask' in message) tell(channel, { answer: message.ask, thread: threadId, usedBytes: usedBytes() });
  };
}

/**
 * Bytes in use after a collection, by thread (worker_threads' number); `threads`: how many are to answer, besides the
 * calling one. After `withinMs` without those that have not. Needs --expose-gc.
 */
export function probeMemory(round: number, threads: number, withinMs = 2 ** 31 - 1): Promise<Map<number, number>> {
  const used = new Map([[threadId, usedBytes()]]);
  return new Promise((resolve) => {
    const channel = new BroadcastChannel(channelName);
    const end = (): void => {
      clearTimeout(timer);
      channel.close();
      resolve(used);
    };
    const timer = setTimeout(end, withinMs);
    channel.onmessage = (event) => {
      const message = (event as { data: Message }).data;
      if (!('answer' in message) || message.answer !== round) return;
      used.set(message.thread, message.usedBytes);
      if (used.size === threads + 1) end();
    };
    tell(channel, { ask: round });
  });
}

function tell(channel: BroadcastChannel, message: Message): void {
  channel.postMessage(message);
}

function usedBytes(): number {
  globalThis.gc!();
  globalThis.gc!();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
