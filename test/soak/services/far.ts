// soak.Far, in the backend's process; slow when the control channel says so.

import { implement } from '../../../net/service/implement.ts';
import { answerMemoryProbe } from '../../faults/services/memory-probe.ts';
import { Far } from './contracts.ts';
import { readSwitch } from './switches.ts';

answerMemoryProbe();

export default implement(Far, {
  async echo({ id, text, sleepMs }, fiber) {
    await fiber.sleep(sleepMs + readSwitch('slowMs'));
    return { id, text };
  },
});
