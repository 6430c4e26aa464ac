// line: a text protocol for shells and telnet. A line asks, a line answers, one after the other:
//   demo.Notes/add {"text":"milk"}    →    ok {"count":1}    or    error INVALID_ARGUMENT text: …

import type { Socket } from 'node:net';
import type { BindingSettings, CallReply, ProtocolConnection, ProtocolHost } from 'heddle/plugin';
import { codecIds, codeOfNumber, definePlugin, emptyCallHead } from 'heddle/plugin';

export default definePlugin({
  name: 'line-protocol',
  threads: ['io'],
  install: (thread) =>
    void thread.protocol({ name: 'line', open: (host) => ({ accept: (...one) => talk(host, ...one), close() {} }) }),
});

function talk(host: ProtocolHost, socket: Socket, binding: BindingSettings, onClose: () => void): ProtocolConnection {
  let unread: Buffer = Buffer.alloc(0);
  let handle = -1;
  let busy = false; // until the peer has taken its answer: nothing piles up for one that does not read
  let ending = false;
  let timer: unknown;
  /** The peer has so long for what it has to do next; 0: any time. */
  function within(ms: number): void {
    host.clock.clearTimer(timer);
    if (ms > 0) timer = host.clock.setTimer(ms, () => socket.destroy());
  }
  function next(): void {
    if (busy) return;
    const end = unread.indexOf('\n');
    if ((end < 0 ? unread.length : end) > binding.frameBytes) socket.destroy();
    else if (end >= 0) ask(end);
    else if (ending) socket.end();
  }
  function ask(end: number): void {
    busy = true;
    socket.pause();
    within(0);
    const line = unread.toString('utf8', 0, end).trim();
    unread = unread.subarray(end + 1);
    const [, service = '', method = '', body = ''] = /^([\w.]+)\/(\w+)\s*(.*)$/.exec(line) ?? [];
    const source = Buffer.from(body || '{}');
    const deadlineMs = host.clock.nowMs() + (binding.timeoutMs || Number.POSITIVE_INFINITY);
    const head = { ...emptyCallHead(), codec: codecIds.json, source, bodyEnd: source.length, deadlineMs };
    handle = host.dispatcher.call(service, method, head, { onReply: answer }, 0);
  }
  function answer(_tag: number, { code, source, bodyStart, bodyEnd }: CallReply): void {
    handle = -1;
    within(binding.writeTimeoutMs);
    const text = source.toString('utf8', bodyStart, bodyEnd).replaceAll('\n', ' ');
    socket.write(code === 0 ? `ok ${text}\n` : `error ${codeOfNumber(code)} ${text}\n`, () => {
      busy = false;
      within(unread.length > 0 ? binding.readTimeoutMs : binding.idleTimeoutMs);
      socket.resume();
      next();
    });
  }
  function drain(): void {
    ending = true;
    next();
  }
  socket.on('data', (chunk: Buffer) => {
    if (unread.length === 0 && !busy) within(binding.readTimeoutMs);
    unread = Buffer.concat([unread, chunk]);
    next();
  });
  socket.on('end', drain).on('error', () => socket.destroy());
  socket.on('close', () => {
    within(0);
    if (handle >= 0) host.dispatcher.cancel(handle);
    onClose();
  });
  within(binding.connectTimeoutMs);
  socket.resume();
  return {
    drain,
    destroy: () => socket.destroy(),
    get idle() {
      return !busy && unread.length === 0;
    },
  };
}
