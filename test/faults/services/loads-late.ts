// A module that takes half a second to load: the threads of other pools are ready meanwhile and wait.

import { setTimeout as sleep } from 'node:timers/promises';
import { implement } from '../../../net/service/implement.ts';
import { Side } from './contracts.ts';
import { handlers } from './handlers.ts';

await sleep(500);

export default implement(Side, handlers);
