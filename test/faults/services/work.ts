// faults.Work, the service that most fault tests drive, in a pool of its own.

import { implement } from '../../../net/service/implement.ts';
import { Work } from './contracts.ts';
import { handlers } from './handlers.ts';

export default implement(Work, handlers);
