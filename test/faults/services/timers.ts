// The handlers behind faults.Timers.

import { implement } from '../../../net/service/implement.ts';
import { doom } from './dooms.ts';
import { Timers } from './timers-contract.ts';

export default implement(Timers, {
  arm({ how, ms }) {
    setTimeout(doom, ms, how);
    return {};
  },
  busy({ ms }) {
    const endMs = performance.now() + ms;
    while (performance.now() < endMs);
    return {};
  },
});
