// deaths.Side: nothing happens to its threads.

import { implement } from '../../../../net/service/implement.ts';
import { Side } from './contracts.ts';
import { handle } from './handlers.ts';

export default implement(Side, { handle });
