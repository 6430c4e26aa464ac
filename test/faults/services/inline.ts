// faults.Inline, the same as faults.Work on the IO threads.

import { implement } from '../../../net/service/implement.ts';
import { Inline } from './contracts.ts';
import { handlers } from './handlers.ts';

export default implement(Inline, handlers);
