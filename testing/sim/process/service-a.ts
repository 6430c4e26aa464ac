// The handlers of the simulated service of pool a.

import { implement } from '../../../net/service/implement.ts';
import { PoolA } from './contract.ts';
import { handle } from './perform.ts';

export default implement(PoolA, { run: handle });
