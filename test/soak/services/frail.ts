// soak.Frail: a module that takes its thread along while it loads, as often as the control channel asks, in turn by
// process.exit, by a throw, and by never ending.

import { implement } from '../../../net/service/implement.ts';
import { answerMemoryProbe } from '../../faults/services/memory-probe.ts';
import { Frail } from './contracts.ts';
import { readSwitch, takeOne } from './switches.ts';

const left = readSwitch('dyingLoads');
if (takeOne('dyingLoads')) {
  if (left % 3 === 0) process.exit(3);
  if (left % 3 === 1) throw new Error('this module does not load, as the soak asked');
  setTimeout(() => process.exit(4), 100);
  await new Promise(() => {});
}

answerMemoryProbe();

export default implement(Frail, {
  async echo({ id, sleepMs }, fiber) {
    await fiber.sleep(sleepMs);
    return { id };
  },
});
