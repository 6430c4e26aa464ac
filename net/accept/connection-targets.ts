// targetsOf (main thread): the IO threads that take connections now, as the acceptor hands them out.

import type { ThreadPool } from '../../scheduler/thread-pool.ts';
import type { HandedConnection } from '../thread/io-thread.ts';
import type { MovedSocket } from './accepted-connection.ts';
import type { ConnectionTarget } from './acceptor.ts';

export function targetsOf(ioPool: ThreadPool): ConnectionTarget[] {
  const targets: ConnectionTarget[] = [];
  for (const { number, state, worker } of ioPool.threads) {
    if (state !== 'going' || worker === undefined) continue;
    targets.push({
      number,
      hand: (accepted, listener, connection) =>
        accepted.move((moved) => {
          const handed: HandedConnection = { moved, listener, connection };
          worker.postMessage(handed, [moved as MovedSocket & ArrayBuffer]);
        }),
    });
  }
  return targets;
}
