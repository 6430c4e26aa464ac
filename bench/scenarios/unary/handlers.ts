// The handlers of the scenario `unary`.

import { implement } from '../../../index.ts';
import { Unary } from './contract.ts';

export default implement(Unary, { echo: (film) => film });
