// A fixed pool of one thread, as poolifier's README has it.

import { fileURLToPath } from 'node:url';
import { FixedThreadPool } from 'poolifier';

export async function open({ answered, failed }) {
  const pool = new FixedThreadPool(1, fileURLToPath(new URL('./worker.js', import.meta.url)), {
    errorHandler: failed,
    enableEvents: false,
  });
  return {
    ask: (slot, body) => void pool.execute(body).then((answer) => answered(slot, answer), failed),
    close: () => pool.destroy(),
  };
}
