// soak.Near, on the backend's IO thread; slow when the control channel says so.

import { implement } from '../../../net/service/implement.ts';
import { answerMemoryProbe } from '../../faults/services/memory-probe.ts';
import { Near } from './contracts.ts';
import { readSwitch } from './switches.ts';

answerMemoryProbe();

export default implement(Near, {
  async raw(body, fiber) {
    const slowMs = readSwitch('slowMs');
    if (slowMs > 0) await fiber.sleep(slowMs);
    return body;
  },
});
