// The handlers of the scenario `large`.

import { implement } from '../../../index.ts';
import { Large } from './contract.ts';

export default implement(Large, { echo: (body) => body });
