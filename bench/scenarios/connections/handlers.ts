// The handlers of the scenario `connections`.

import { implement } from '../../../index.ts';
import { Connections } from './contract.ts';

export default implement(Connections, { echo: (body) => body });
