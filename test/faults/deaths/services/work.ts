// deaths.Work, on threads that take and answer, and die of it.

import { implement } from '../../../../net/service/implement.ts';
import { Work } from './contracts.ts';
import { handle } from './handlers.ts';
import { trap } from './trap.ts';

trap(['take', 'mark', 'free', 'publish', 'turn']);

export default implement(Work, { handle });
