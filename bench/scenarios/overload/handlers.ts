// The handler of the scenario `overload`: uses so much of the processor, whatever else the machine does.

import { implement } from '../../../index.ts';
import { Overload } from './contract.ts';

export default implement(Overload, {
  burn: ({ cpuMs }) => {
    const usedUs = (): number => {
      const { user, system } = process.threadCpuUsage();
      return user + system;
    };
    const endUs = usedUs() + cpuMs * 1000;
    let rounds = 0;
    while (usedUs() < endUs) rounds++;
    return { rounds };
  },
});
