// An IO thread that is sent its sockets. It says when a connection has closed, and answers held calls when told so.

import { Socket } from 'node:net';
import { parentPort } from 'node:worker_threads';
import { TestThread, until } from './test-thread.ts';

const thread = new TestThread();
const main = parentPort!;

main.on('message', async (message: { socket: Socket } | { handle: object } | { answer: number }) => {
  if ('socket' in message) thread.accept(message.socket);
  else if ('handle' in message) thread.accept(new Socket({ handle: message.handle } as object));
  else {
    await until(() => thread.dispatcher.held.length >= message.answer);
    thread.dispatcher.held[message.answer - 1]!.answer();
    return;
  }
  const count = thread.connections.length;
  await until(() => thread.closed >= count);
  main.postMessage('closed');
});
