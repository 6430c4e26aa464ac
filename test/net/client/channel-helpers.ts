// Channels for tests: real sockets, a host whose chance is seeded and whose events are counted.

import { ClientChannel } from '../../../net/client/channel.ts';
import { type ClientHost, type HostParts, makeHost } from '../../../net/client/host.ts';
import { type ChannelOptionsInput, checkOptions } from '../../../net/client/options.ts';
import { seededRandom } from '../../../runtime/clock.ts';

export interface TestChannel extends AsyncDisposable {
  channel: ClientChannel;
  host: ClientHost;
  events: string[];
  /** Resolves when an event of this name has been counted, then or before. */
  event(name: string): Promise<void>;
}

export function openChannel(ports: number[], options: ChannelOptionsInput = {}, parts: HostParts = {}): TestChannel {
  const events: string[] = [];
  const waiters: (() => void)[] = [];
  const host = makeHost({
    random: seededRandom(1),
    count(event) {
      events.push(event);
      for (const wake of waiters.splice(0)) wake();
    },
    ...parts,
  });
  const addresses = ports.map((port) => ({ host: '127.0.0.1', port }));
  const channel = new ClientChannel(host, checkOptions({ name: 'demo.Echo', addresses, ...options }));
  return {
    channel,
    host,
    events,
    async event(name) {
      while (!events.includes(name)) await new Promise<void>((resolve) => waiters.push(resolve));
    },
    [Symbol.asyncDispose]: () => channel.close(),
  };
}

/** Lets the event loop go round until `condition` holds; AVA's timeout is the bound. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => setImmediate(resolve));
}
