// A pool of one thread that takes 64 tasks at once and sleeps in its event loop.

import { Piscina } from 'piscina';

export async function open({ answered, failed }) {
  const pool = new Piscina({
    filename: new URL('./worker.js', import.meta.url).href,
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 64,
    atomics: 'async',
  });
  return {
    ask: (slot, body) => void pool.run(body).then((answer) => answered(slot, answer), failed),
    close: () => pool.destroy(),
  };
}
