// faults.Front, each of whose requests calls faults.Work: in this process or in another one, as the config says.

import { implement } from '../../../net/service/implement.ts';
import { Front, Work } from './contracts.ts';

export default implement(Front, {
  async relay({ id, text, sleepMs }, fiber) {
    const reply = await fiber.call(Work.echo, { id, text, sleepMs });
    return { id: reply.id, text: reply.text };
  },
});
