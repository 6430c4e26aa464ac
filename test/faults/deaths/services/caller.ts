// deaths.Caller: each of its requests is a call of deaths.Far, which an IO thread of this process carries.

import { implement } from '../../../../net/service/implement.ts';
import { Caller, Far } from './contracts.ts';

export default implement(Caller, { handle: (body, fiber) => fiber.call(Far.handle, body) });
