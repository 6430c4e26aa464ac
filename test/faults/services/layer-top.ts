// layers.Top: passes on what those that it calls fail with.

import { implement } from '../../../net/service/implement.ts';
import { Bottom, Gone, Middle, Top } from './layers-contract.ts';
import { began } from './runs.ts';

export default implement(Top, {
  go(request, fiber) {
    began(request.id);
    return fiber.call(Middle.go, request);
  },
  order(request, fiber) {
    began(request.id);
    return fiber.call(Gone.go, request);
  },
  skip(request, fiber) {
    began(request.id);
    return fiber.call(Bottom.go, request);
  },
});
