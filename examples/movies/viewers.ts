// movies.Viewers: what viewers like. It listens on two addresses, which stand for two replicas: the search calls it over
// sockets, and asks the other one when the first takes long.

import { implement } from 'heddle';
import { Viewers } from './contract.ts';

const tastes: ReadonlyMap<string, readonly string[]> = new Map([
  ['ada', ['Horror', 'Thriller/Suspense']],
  ['grace', ['Romantic Comedy', 'Musical']],
  ['linus', ['Western', 'Action']],
]);

export default implement(Viewers, {
  taste({ viewer }) {
    return { genres: [...(tastes.get(viewer) ?? [])] };
  },
});
