// The contract of the scenario `large`: bytes in and the same bytes out.

import { bytes, method, service } from '../../../index.ts';

export const Large = service('bench.Large', { echo: method(bytes()) });
