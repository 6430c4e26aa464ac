// targetsOf (main thread): the IO threads that take connections now, as the acceptor hands them out.

import type { Socket } from 'node:net';
import type { ThreadPool } from '../../scheduler/thread-pool.ts';
import type { HandedConnection } from '../thread/io-thread.ts';
import type { ConnectionTarget } from './acceptor.ts';

export function targetsOf(ioPool: ThreadPool): ConnectionTarget[] {
  const targets: ConnectionTarget[] = [];
  for (const { number, state, worker } of ioPool.threads) {
    if (state !== 'going' || worker === undefined) continue;
    targets.push({
      number,
      hand: (socket, listener, connection) => {
        const handed: HandedConnection = { socket, listener, connection };
        // Node moves a fresh TCP socket to another thread when it is in the transfer list.
        worker.postMessage(handed, [socket as Socket & ArrayBuffer]);
      },
    });
  }
  return targets;
}
