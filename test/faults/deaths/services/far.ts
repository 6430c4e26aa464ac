// deaths.Far, in a server that stays whole.

import { implement } from '../../../../net/service/implement.ts';
import { Far } from './contracts.ts';
import { handle } from './handlers.ts';

export default implement(Far, { handle });
