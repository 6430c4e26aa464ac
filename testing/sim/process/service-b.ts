// The handlers of the simulated service of pool b, or pool a where there is one pool.

import { implement } from '../../../net/service/implement.ts';
import { PoolB } from './contract.ts';
import { handle } from './perform.ts';

export default implement(PoolB, { run: handle });
