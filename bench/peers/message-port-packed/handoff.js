// A worker thread and its port, where all that gathers in a turn of either thread goes in one message, packed.

import { Worker } from 'node:worker_threads';
import { Batch, eachOf } from './batch.js';

export async function open({ answered, failed }) {
  const worker = new Worker(new URL('./worker.js', import.meta.url));
  const batch = new Batch(worker, { ownsBodies: false });
  worker.on('message', (message) => eachOf(message, answered));
  worker.on('error', failed);
  return {
    ask: (slot, body) => batch.add(slot, body),
    close: () => worker.terminate(),
  };
}
