// Who asks in `heddle, a service`: a protocol whose connections bring orders instead of requests, a line of JSON each. It
// makes the requests on the IO thread, by the dispatcher, as any protocol does; so all that lies between a socket's frame
// and its reply is what a service has.

import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import {
  type CallHead,
  type CallReply,
  codeOfNumber,
  definePlugin,
  emptyCallHead,
  type ProtocolConnection,
  type ProtocolHost,
  type ReplySink,
} from '../../../plugin.ts';
import type { ClosedLoop } from './closed-loop.ts';
import { OutBuffer } from './out-buffer.ts';
import { type Order, obey, type Subject, threadCpuUs } from './subject.ts';

export default definePlugin({
  name: 'handoff-caller',
  threads: ['io'],
  install: (thread) =>
    void thread.protocol({
      name: 'handoff',
      open: (host) => ({ accept: (socket, _binding, onClose) => accept(host, socket, onClose), close() {} }),
    }),
});

class Caller implements Subject, ReplySink {
  readonly #host: ProtocolHost;
  readonly #head: CallHead = emptyCallHead();
  readonly #out = new OutBuffer();
  #loop: ClosedLoop | undefined;

  constructor(host: ProtocolHost) {
    this.#host = host;
  }

  begin(loop: ClosedLoop): void {
    this.#loop = loop;
  }

  ask(slot: number, body: Buffer): void {
    this.#call('echo', body, this, slot);
  }

  onReply(slot: number, reply: CallReply): void {
    if (reply.code === 0) this.#out.take(this.#loop!, slot, reply);
    else this.#loop!.failed(errorOf(reply));
  }

  async threadsCpuUs(): Promise<readonly number[]> {
    const handlersUs = await new Promise<number>((resolve, reject) => {
      const onReply = (_tag: number, reply: CallReply): void => {
        if (reply.code === 0) resolve(reply.source.readDoubleLE(reply.bodyStart));
        else reject(errorOf(reply));
      };
      this.#call('threadCpuUs', Buffer.alloc(0), { onReply }, 0);
    });
    return [threadCpuUs(), handlersUs];
  }

  #call(method: string, body: Buffer, sink: ReplySink, tag: number): void {
    const head = this.#head;
    head.source = body;
    head.bodyEnd = body.length;
    // The dispatcher shrinks it to that of the pool.
    head.deadlineMs = Number.POSITIVE_INFINITY;
    this.#host.dispatcher.call('bench.Handoff', method, head, sink, tag);
  }
}

function accept(host: ProtocolHost, socket: Socket, onClose: () => void): ProtocolConnection {
  const caller = new Caller(host);
  createInterface({ input: socket }).on('line', (line) => {
    // As heddle-process.ts writes it.
    const order = JSON.parse(line) as Order;
    void obey(caller, order).then((answer) => socket.write(`${JSON.stringify(answer)}\n`));
  });
  socket.on('error', () => socket.destroy()).on('close', onClose);
  socket.resume();
  return { idle: true, drain: () => socket.end(), destroy: () => socket.destroy() };
}

function errorOf({ code, source, bodyStart, bodyEnd }: CallReply): Error {
  return new Error(`${codeOfNumber(code)}: ${source.toString('utf8', bodyStart, bodyEnd)}`);
}
