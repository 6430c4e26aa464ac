// line: a text protocol for shells and telnet. A line asks, a line answers, one after the other:
//   demo.Notes/add {"text":"milk"}    →    ok {"count":1}    or    error INVALID_ARGUMENT text: …

import type { Socket } from 'node:net';
import type { BindingSettings, ProtocolConnection, ProtocolHost, ReplySink } from 'heddle/plugin';
import { codecIds, codeOfNumber, definePlugin, emptyCallHead } from 'heddle/plugin';

export default definePlugin({
  name: 'line-protocol',
  threads: ['io'],
  install(thread) {
    thread.protocol({
      name: 'line',
      open: (host) => ({ accept: (socket, binding, onClose) => talk(host, socket, binding, onClose), close() {} }),
    });
  },
});

function talk(host: ProtocolHost, socket: Socket, binding: BindingSettings, onClose: () => void): ProtocolConnection {
  let unread: Buffer = Buffer.alloc(0);
  let handle = -1;
  /** From a line's request until the peer has taken its answer: nothing piles up for a peer that does not read. */
  let busy = false;
  let ending = false;

  function next(): void {
    if (busy) return;
    const end = unread.indexOf('\n');
    if (end < 0) {
      if (ending || unread.length > binding.frameBytes) socket.end();
      return;
    }
    const line = unread.toString('utf8', 0, end).trim();
    unread = unread.subarray(end + 1);
    busy = true;
    socket.pause();
    const [, service = '', method = '', body = ''] = /^([\w.]+)\/(\w+)\s*(.*)$/.exec(line) ?? [];
    const source = Buffer.from(body || '{}');
    const deadlineMs = binding.timeoutMs === 0 ? Infinity : host.clock.nowMs() + binding.timeoutMs;
    const head = { ...emptyCallHead(), codec: codecIds.json, source, bodyEnd: source.length, deadlineMs };
    handle = host.dispatcher.call(service, method, head, replies, 0);
  }

  const replies: ReplySink = {
    onReply(_tag, { code, source, bodyStart, bodyEnd }) {
      handle = -1;
      const text = source.toString('utf8', bodyStart, bodyEnd).replaceAll('\n', ' ');
      socket.write(code === 0 ? `ok ${text}\n` : `error ${codeOfNumber(code)} ${text}\n`, () => {
        busy = false;
        socket.resume();
        next();
      });
    },
  };

  function drain(): void {
    ending = true;
    next();
  }

  socket.setTimeout(binding.idleTimeoutMs, () => busy || socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk]);
    next();
  });
  socket.on('end', drain);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    if (handle >= 0) host.dispatcher.cancel(handle);
    onClose();
  });
  socket.resume();
  return {
    drain,
    destroy: () => socket.destroy(),
    get idle() {
      return !busy && unread.length === 0;
    },
  };
}
