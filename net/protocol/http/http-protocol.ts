// Protocol http as an IO thread sees it: one object per listener and thread, with what its connections share.

import type { Socket } from 'node:net';
import type { Protocol, ProtocolConnection, ProtocolHost } from '../../../runtime/plugins/protocol.ts';
import type { BindingSettings } from '../../../runtime/settings.ts';
import { HttpConnection } from './http-connection.ts';
import { HttpThread } from './http-thread.ts';

export function httpProtocol(host: ProtocolHost): Protocol {
  return new HttpProtocol(host);
}

class HttpProtocol implements Protocol {
  readonly #thread: HttpThread;

  constructor(host: ProtocolHost) {
    this.#thread = new HttpThread(host);
  }

  accept(socket: Socket, binding: BindingSettings, onClose: () => void): ProtocolConnection {
    return new HttpConnection(this.#thread, socket, binding, onClose);
  }

  close(): void {
    this.#thread.pool.clear();
  }
}
