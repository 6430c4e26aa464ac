// The handlers of the scenario `handoff`.

import { implement } from '../../../index.ts';
import { Handoff } from './contract.ts';
import { threadCpuUs } from './subject.ts';

export default implement(Handoff, {
  echo: async (body) => body,
  threadCpuUs: () => {
    const answer = Buffer.alloc(8);
    answer.writeDoubleLE(threadCpuUs());
    return answer;
  },
});
