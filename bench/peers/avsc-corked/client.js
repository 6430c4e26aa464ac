// As that of avsc, but what one turn of the event loop asks for leaves in one write.

import { corkForTurn } from '../../measure/cork.ts';
import { connectWith } from '../avsc/client.js';

export const connect = (options) => connectWith(options, corkForTurn);
