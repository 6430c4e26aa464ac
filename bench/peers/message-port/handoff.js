// A worker thread and its port, as the documentation of node:worker_threads has them: a message for each body and each answer.

import { Worker } from 'node:worker_threads';
import { isTransferred } from './transferred.js';

export async function open({ answered, failed }) {
  const worker = new Worker(new URL('./worker.js', import.meta.url));
  worker.on('message', ({ slot, body }) => answered(slot, body));
  worker.on('error', failed);
  return {
    ask: (slot, body) => {
      if (isTransferred(body)) {
        // What is given away must be a copy: the caller keeps its own.
        const copy = new Uint8Array(body);
        worker.postMessage({ slot, body: copy }, [copy.buffer]);
      } else {
        worker.postMessage({ slot, body });
      }
    },
    close: () => worker.terminate(),
  };
}
