// The heddle protocol as an IO thread sees it: one object per thread, with what its connections share.

import type { Socket } from 'node:net';
import type { CallReply, ReplySink } from '../../../runtime/call.ts';
import type { Protocol, ProtocolConnection, ProtocolHost } from '../../../runtime/plugins/protocol.ts';
import type { BindingSettings } from '../../../runtime/settings.ts';
import { OutboxPool } from '../outbox.ts';
import { HeddleConnection, type ThreadShare } from './connection.ts';
import { InFlightTables } from './in-flight.ts';
import { RouteNames } from './route-names.ts';

export function heddleProtocol(host: ProtocolHost): Protocol {
  return new HeddleProtocol(host);
}

class HeddleProtocol implements Protocol {
  readonly #share: ThreadShare;

  constructor(host: ProtocolHost) {
    // A peer can't know what the clock said, least of all below a microsecond.
    const tables = new InFlightTables(() => (host.clock.nowMs() * 1e6) % 0x1_0000_0000);
    const oneWaySink = new OneWaySink(host);
    this.#share = { host, pool: new OutboxPool(), routes: new RouteNames(), tables, oneWaySink };
  }

  accept(socket: Socket, binding: BindingSettings, onClose: () => void): ProtocolConnection {
    return new HeddleConnection(this.#share, socket, binding, onClose);
  }

  close(): void {
    this.#share.pool.clear();
  }
}

/** Nobody waits for the reply of a one-way call; its failure is counted. */
class OneWaySink implements ReplySink {
  readonly #host: ProtocolHost;

  constructor(host: ProtocolHost) {
    this.#host = host;
  }

  onReply(_tag: number, reply: CallReply): void {
    if (reply.code !== 0) this.#host.count('one-way-failed');
  }
}
