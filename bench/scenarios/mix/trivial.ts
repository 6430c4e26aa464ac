// The trivial handler of the scenario `mix`.

import { implement } from '../../../index.ts';
import { Trivial } from './contract.ts';

export default implement(Trivial, { echo: (film) => film });
