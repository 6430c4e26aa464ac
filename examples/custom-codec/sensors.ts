// The service: plain values, whatever they travelled in.

import { HeddleError, implement } from 'heddle';
import { Sensors } from './contract.ts';

export default implement(Sensors, {
  warmest({ readings }) {
    const [warmest] = readings.toSorted((one, other) => other.celsius - one.celsius);
    if (warmest === undefined) throw new HeddleError('INVALID_ARGUMENT', 'there is no reading');
    return warmest;
  },
  describe({ sensor }) {
    return { text: `${sensor} measures the temperature`, tags: ['outside', 'celsius'] };
  },
});
