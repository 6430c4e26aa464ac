// chain.One: calls chain.Two, perhaps beside a child that fails when it is told to.

import { implement } from '../../../net/service/implement.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { One, Two } from './chain-contract.ts';
import { noted } from './chain-notes.ts';

const failing = new Map<string, () => void>();

export default implement(One, {
  go: (request, fiber) =>
    noted('one', request, fiber, () => {
      if (request.failing) {
        fiber.spawn(async () => {
          await new Promise<void>((resolve) => failing.set(request.key, resolve));
          throw new HeddleError('ABORTED', 'the child failed, as a test asked');
        });
      }
      return fiber.call(Two.go, request);
    }),
  fail({ key }) {
    failing.get(key)!();
    return {};
  },
});
