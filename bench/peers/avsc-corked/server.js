// As that of avsc, but the pieces of all answers of one turn of the event loop leave in one write.

import { corkForTurn } from '../../measure/cork.ts';
import { serve } from '../avsc/serve.js';

serve((socket) => socket.on('data', () => corkForTurn(socket)));
