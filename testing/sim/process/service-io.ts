// The handlers of the simulated service of pool io, on IO threads.

import { implement } from '../../../net/service/implement.ts';
import { PoolIo } from './contract.ts';
import { handle } from './perform.ts';

export default implement(PoolIo, { run: handle });
