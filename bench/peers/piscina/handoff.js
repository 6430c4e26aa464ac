// A pool of one thread, as piscina's README has it.

import { Piscina } from 'piscina';

export async function open({ answered, failed }) {
  const pool = new Piscina({ filename: new URL('./worker.js', import.meta.url).href, minThreads: 1, maxThreads: 1 });
  return {
    ask: (slot, body) => void pool.run(body).then((answer) => answered(slot, answer), failed),
    close: () => pool.destroy(),
  };
}
