// chain.Two: calls chain.Three, in another process.

import { implement } from '../../../net/service/implement.ts';
import { Three, Two } from './chain-contract.ts';
import { noted } from './chain-notes.ts';

export default implement(Two, {
  go: (request, fiber) => noted('two', request, fiber, () => fiber.call(Three.go, request)),
});
