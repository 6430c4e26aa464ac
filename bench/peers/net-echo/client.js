// Messages of 64 bytes; each answer is compared with what was sent. Those of one turn leave in one write.

import { once } from 'node:events';
import { connect as connectTo } from 'node:net';
import { connectAs } from '../../scenarios/connections/client.ts';

const messageBytes = 64;
const message = Buffer.from({ length: messageBytes }, (_, at) => 255 - at);

export async function connect(options) {
  if (options.scenario === 'connections') return connectAs('echo', options);
  const { port, connections } = options;
  const lines = await Promise.all(Array.from({ length: connections }, () => open(port)));
  let next = 0;
  return {
    call: () => lines[next++ % lines.length].call(),
    close: () => Promise.all(lines.map((line) => line.close())),
  };
}

async function open(port) {
  const socket = connectTo({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let waiting = [];
  let rest = Buffer.alloc(0);
  let unsent = 0;
  const fail = (reason) => {
    const failed = waiting;
    waiting = [];
    for (const { reject } of failed) reject(reason);
  };
  const send = () => {
    const messages = unsent;
    unsent = 0;
    socket.write(messages === 1 ? message : Buffer.concat(Array(messages).fill(message)));
  };
  socket.on('data', (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = Math.floor(bytes.length / messageBytes);
    const answered = waiting.splice(0, whole);
    for (const [at, { resolve, reject }] of answered.entries()) {
      const isRight = message.compare(bytes, at * messageBytes, (at + 1) * messageBytes) === 0;
      if (isRight) resolve();
      else reject(new Error('the answer is not what was sent'));
    }
    rest = bytes.subarray(whole * messageBytes);
  });
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the connection has closed')));
  return {
    call: () =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        if (unsent++ === 0) setImmediate(send);
      }),
    close: () => {
      const closed = once(socket, 'close');
      socket.destroy();
      return closed;
    },
  };
}
