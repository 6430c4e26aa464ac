// The contract of the scenario `handoff`.

import { bytes, method, service } from '../../../index.ts';

export const Handoff = service('bench.Handoff', {
  /** Bytes in and the same bytes out. */
  echo: method(bytes()),
  /** Nothing in; processor time that the handlers' thread has used, µs, as a double, little-endian. */
  threadCpuUs: method(bytes()),
});
