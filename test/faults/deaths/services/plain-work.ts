// deaths.Work, on threads that die only when a request or the test says so.

import { implement } from '../../../../net/service/implement.ts';
import { Work } from './contracts.ts';
import { handle } from './handlers.ts';

export default implement(Work, { handle });
