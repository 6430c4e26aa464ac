// deaths.Inline, on the IO threads themselves, which die of all that they do.

import { implement } from '../../../../net/service/implement.ts';
import { Inline } from './contracts.ts';
import { handle } from './handlers.ts';
import { trap } from './trap.ts';

trap(['put', 'lease', 'drain', 'take', 'mark', 'mark', 'publish', 'publish', 'bell', 'turn']);

export default implement(Inline, { handle });
