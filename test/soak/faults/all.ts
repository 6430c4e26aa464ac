// All kinds of faults that the soak runner mixes.

import { callerFaults } from './callers.ts';
import type { Fault } from './fault.ts';
import { peerFaults } from './peers.ts';
import { processFaults } from './processes.ts';
import { threadFaults } from './threads.ts';

export const allFaults: readonly Fault[] = [...threadFaults, ...processFaults, ...callerFaults, ...peerFaults];
