import { parentPort } from 'node:worker_threads';
import { isTransferred } from './transferred.js';

const handle = async (body) => body;

parentPort.on('message', async ({ slot, body }) => {
  const answer = await handle(body);
  parentPort.postMessage({ slot, body: answer }, isTransferred(answer) ? [answer.buffer] : undefined);
});
