// strategies.Runs: on the threads that run strategies.

import { implement } from '../../../../net/service/implement.ts';
import { Backend1, Backend2, Backend3, Backend4, Backend5, Runs } from './contracts.ts';

const backends = [Backend1, Backend2, Backend3, Backend4, Backend5];

export default implement(Runs, {
  async run({ strategy, request }, fiber) {
    return { result: await fiber.run(strategy, request) };
  },
  async fanByHand(request, fiber) {
    const answers = await fiber.all(
      backends.map(
        ({ get }) =>
          (child) =>
            child.call(get, request),
      ),
    );
    return { result: answers };
  },
});
