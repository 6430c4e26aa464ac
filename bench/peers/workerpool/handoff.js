// A dedicated worker on one thread, as workerpool's README has it.

import { fileURLToPath } from 'node:url';
import workerpool from 'workerpool';

export async function open({ answered, failed }) {
  const pool = workerpool.pool(fileURLToPath(new URL('./worker.js', import.meta.url)), {
    minWorkers: 1,
    maxWorkers: 1,
    workerType: 'thread',
  });
  return {
    ask: (slot, body) => void pool.exec('echo', [body]).then((answer) => answered(slot, answer), failed),
    close: () => pool.terminate(),
  };
}
