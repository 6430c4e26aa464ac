// The contract of the scenario `overload`: work that costs processor time and nothing else.

import { avro, method, service } from '../../../index.ts';

export const Overload = service('bench.Overload', {
  burn: method(
    avro(
      { type: 'record', name: 'BurnRequest', fields: [{ name: 'cpuMs', type: 'double' }] },
      { type: 'record', name: 'BurnReply', fields: [{ name: 'rounds', type: 'int' }] },
    ),
  ),
});
