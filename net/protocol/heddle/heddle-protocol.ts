// The heddle protocol as an IO thread sees it: one object per thread, with what its connections share.

import type { Socket } from 'node:net';
import type { CallReply, ReplySink } from '../../../runtime/call.ts';
import type { Protocol, ProtocolConnection, ProtocolHost } from '../../../runtime/plugins/protocol.ts';
import type { BindingSettings } from '../../../runtime/settings.ts';
import { OutBufferPool } from '../outbox.ts';
import { HeddleConnection, type ThreadShare } from './connection.ts';
import { RouteNames } from './route-names.ts';

export function heddleProtocol(host: ProtocolHost): Protocol {
  return new HeddleProtocol(host);
}

class HeddleProtocol implements Protocol {
  readonly #share: ThreadShare;

  constructor(host: ProtocolHost) {
    this.#share = { host, pool: new OutBufferPool(), routes: new RouteNames(), oneWaySink: new OneWaySink(host) };
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
