// ThreadDoor: what the modules of one simulated thread may know of the world around it. Each thread has this module for
// itself, and its main sets the door before anything else runs.

import type { OnReadOpts, Socket } from 'node:net';
import type { Clock, Random } from '../../../runtime/clock.ts';
import type { Logger } from '../../../runtime/logger.ts';
import type { RequestRunner } from '../../../scheduler/request-runner.ts';
import type { SimThread } from '../thread.ts';

export interface ThreadDoor {
  readonly thread: SimThread;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** What the services of a scenario are given; theirs to know. */
  readonly extras: unknown;
  openSocket(ip: string, port: number, onread: OnReadOpts): Socket;
  /** The thread has its place in the process; called once. */
  onRunner(runner: RequestRunner): void;
  /** It was told to end, and its work has. */
  stopped(): void;
}

export const thisThread: { door?: ThreadDoor } = {};

export function threadDoor(): ThreadDoor {
  const { door } = thisThread;
  if (door === undefined) throw new Error('this thread has no door yet');
  return door;
}
