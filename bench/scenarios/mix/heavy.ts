// The heavy handler of the scenario `mix`.

import { implement } from '../../../index.ts';
import { burn } from './burn.ts';
import { Heavy } from './contract.ts';

export default implement(Heavy, {
  burn: (film) => {
    burn();
    return film;
  },
});
