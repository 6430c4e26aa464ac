import { once } from 'node:events';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { MainAsker } from '../../admin/main-asker.ts';
import type { ToAdmin } from '../../admin/messages.ts';
import { systemClock } from '../../runtime/clock.ts';

/** Longer than main has to begin. */
const busyMs = 900;

/** Begins at once, and answers `done` or not at all. */
const main = `
const { workerData: { port, answers } } = require('node:worker_threads');
port.on('message', ({ id }) => {
  port.postMessage({ type: 'begun', id });
  if (answers) port.postMessage({ type: 'answer', id, answer: 'done' });
});
port.postMessage({ type: 'ready' });`;

async function askerOf(t: ExecutionContext, answers: boolean): Promise<MainAsker> {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(main, { eval: true, workerData: { port: port2, answers }, transferList: [port2] });
  t.teardown(() => worker.terminate());
  await once(port1, 'message');
  const asker = new MainAsker(
    systemClock,
    (message) => port1.postMessage(message),
    () => readAll(port1, asker),
  );
  port1.on('message', (message: ToAdmin) => hear(asker, message));
  return asker;
}

function readAll(port: MessagePort, asker: MainAsker): void {
  for (let read = receiveMessageOnPort(port); read !== undefined; read = receiveMessageOnPort(port)) {
    hear(asker, read.message as ToAdmin);
  }
}

function hear(asker: MainAsker, message: ToAdmin): void {
  if (message.type === 'begun') asker.onBegun(message.id);
  if (message.type === 'answer') asker.onAnswer(message.id, message.answer);
}

function spin(ms: number): void {
  for (const endMs = performance.now() + ms; performance.now() < endMs; );
}

test.serial('an answer that came while the asking thread was busy counts', async (t) => {
  const asker = await askerOf(t, true);
  const answer = asker.ask({ do: 'drain' });
  spin(busyMs);
  t.is(await answer, 'done');
});

test.serial('what main has begun meanwhile and does not finish is not said to be undone', async (t) => {
  const asker = await askerOf(t, false);
  const answer = asker.ask({ do: 'drain' });
  spin(busyMs);
  await t.throwsAsync(answer, {
    code: 'UNAVAILABLE',
    message: 'the main thread has begun it, and did not finish within 500 ms',
  });
});
