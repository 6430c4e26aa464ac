// The handlers of the simulated service of pool a, for calls that leave the process.

import { implement } from '../../../net/service/implement.ts';
import { Far } from './contract.ts';
import { handle } from './perform.ts';

export default implement(Far, { run: handle });
