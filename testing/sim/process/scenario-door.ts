// ScenarioDoor: what the handlers and clients of a scenario know of the world, beside what every thread does.

import type { Ledger } from './ledger.ts';
import { type ThreadDoor, threadDoor } from './thread-door.ts';

export interface ScenarioExtras {
  readonly ledger: Ledger;
  /** Most bytes of the padding of requests that handlers make. */
  readonly bodyBytesMax: number;
  /** Code of the thread keeps it from turning for so long, ms. */
  keepBusy(ms: number): void;
}

export function scenarioDoor(): Pick<ThreadDoor, 'thread' | 'clock' | 'random'> & ScenarioExtras {
  const { thread, clock, random, extras } = threadDoor();
  return { thread, clock, random, ...(extras as ScenarioExtras) };
}
