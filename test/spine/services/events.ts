// Events of the test services: a handler posts what it does under a key, on whatever thread it runs; the test awaits it.
// So tests need no sleeps. One channel for the process; keys tell tests apart.

import { BroadcastChannel } from 'node:worker_threads';

export interface ServiceEvent {
  key: string;
  what: string;
  /** `performance.now()`, which agrees across threads. */
  atMs: number;
}

export const eventsChannel = 'heddle-spine-tests';

const channel = new BroadcastChannel(eventsChannel);
channel.unref();

export function post(key: string, what: string): void {
  channel.postMessage({ key, what, atMs: performance.now() } satisfies ServiceEvent);
}
