// admin.Chatty: logs at level debug on a CPU thread, for tests of levels that change while a process runs.

import { z } from 'zod';
import { json } from '../../../net/codec/json-codec.ts';
import { method, service } from '../../../net/service/contract.ts';
import { implement } from '../../../net/service/implement.ts';

export const Chatty = service('admin.Chatty', { say: method(json(z.object({ word: z.string() }), z.object({}))) });

export default implement(Chatty, {
  say({ word }, fiber) {
    fiber.log.debug({ word }, 'said');
    return {};
  },
});
