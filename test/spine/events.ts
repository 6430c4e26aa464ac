// What the test services post, as a test awaits it: each event is taken once, by key and by what happened.

import { BroadcastChannel } from 'node:worker_threads';
import { eventsChannel, type ServiceEvent } from './services/events.ts';

const seen: ServiceEvent[] = [];
const waiting: { key: string; what: RegExp; resolve: (event: ServiceEvent) => void }[] = [];

const channel = new BroadcastChannel(eventsChannel);
channel.unref();
channel.onmessage = (message) => {
  const event = (message as unknown as { data: ServiceEvent }).data;
  const at = waiting.findIndex(({ key, what }) => key === event.key && what.test(event.what));
  if (at < 0) seen.push(event);
  else waiting.splice(at, 1)[0]!.resolve(event);
};

/** Far longer than anything here takes on a busy machine, ms. */
const eventWithinMs = 20_000;

/** Resolves when a service has posted this; at once if it has already. Rejects, saying what was posted instead, in the end. */
export function event(key: string, what: string | RegExp): Promise<ServiceEvent> {
  const wanted = typeof what === 'string' ? new RegExp(`^${what}$`) : what;
  const at = seen.findIndex((one) => one.key === key && wanted.test(one.what));
  if (at >= 0) return Promise.resolve(seen.splice(at, 1)[0]!);
  const { promise, resolve, reject } = Promise.withResolvers<ServiceEvent>();
  const one = { key, what: wanted, resolve };
  waiting.push(one);
  const timer = setTimeout(() => {
    waiting.splice(waiting.indexOf(one), 1);
    reject(new Error(`${key}: no ${wanted} within ${eventWithinMs} ms; besides: ${unawaited(key).join(', ')}`));
  }, eventWithinMs);
  return promise.finally(() => clearTimeout(timer));
}

/** What was posted under a key and not awaited. */
export function unawaited(key: string): string[] {
  return seen.filter((one) => one.key === key).map(({ what }) => what);
}

let lastKey = 0;

/** A key of one's own. */
export function newKey(about = 'key'): string {
  lastKey++;
  return `${about}-${process.pid}-${lastKey}`;
}
