// layers.Middle: passes on what Bottom fails with.

import { implement } from '../../../net/service/implement.ts';
import { Bottom, Middle } from './layers-contract.ts';
import { began } from './runs.ts';

export default implement(Middle, {
  go(request, fiber) {
    began(request.id + 1);
    return fiber.call(Bottom.go, request);
  },
});
