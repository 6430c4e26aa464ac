// What `next` gives a filter: always a promise, whatever lies inside has returned or thrown, and one whose rejection never
// counts as unhandled, since a filter may look at it late or never.

import { isPromiseLike } from '../../runtime/fiber/promise-like.ts';

/** Of what lies inside has returned. */
export function returnedPromise(result: unknown): Promise<unknown> {
  if (!isPromiseLike(result)) return Promise.resolve(result);
  return handled(result instanceof Promise ? result : Promise.resolve(result));
}

/** Of what lies inside has thrown. */
export function thrownPromise(reason: unknown): Promise<unknown> {
  return handled(Promise.reject(reason));
}

function handled(promise: Promise<unknown>): Promise<unknown> {
  promise.catch(ignore);
  return promise;
}

const ignore = (): void => {};
