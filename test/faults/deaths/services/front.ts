// deaths.Front, on threads that also put: each of its requests is a nested call of deaths.Work.

import { implement } from '../../../../net/service/implement.ts';
import { Front, Work } from './contracts.ts';
import { trap } from './trap.ts';

trap(['put', 'lease', 'drain', 'bell', 'publish']);

export default implement(Front, { handle: (body, fiber) => fiber.call(Work.handle, body) });
