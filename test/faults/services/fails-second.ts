// A module that can't be loaded the second time in a process, as one whose database is down for a moment.

import { getEnvironmentData } from 'node:worker_threads';
import { implement } from '../../../net/service/implement.ts';
import { Work } from './contracts.ts';
import { handlers } from './handlers.ts';

const loads = new Int32Array(getEnvironmentData('heddle test loads') as SharedArrayBuffer);
if (Atomics.add(loads, 0, 1) === 1) throw new Error('the second load fails');

export default implement(Work, handlers);
