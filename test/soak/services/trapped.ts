// deaths.Work on a thread that dies at an atomic operation drawn from the seed, when the control channel says so.

import { implement } from '../../../net/service/implement.ts';
import { Work } from '../../faults/deaths/services/contracts.ts';
import { handle } from '../../faults/deaths/services/handlers.ts';
import { trap } from '../../faults/deaths/services/trap.ts';
import { answerMemoryProbe } from '../../faults/services/memory-probe.ts';

trap(['take', 'mark', 'free', 'publish', 'bell']);
answerMemoryProbe();

export default implement(Work, { handle });
