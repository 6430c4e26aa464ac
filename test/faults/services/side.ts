// faults.Side, the same as faults.Work in another pool, which nothing may happen to.

import { implement } from '../../../net/service/implement.ts';
import { Side } from './contracts.ts';
import { handlers } from './handlers.ts';

export default implement(Side, handlers);
