// fiberLocal: a typed key for a value that travels down with fibers, as trace ids and tenants do.

import type { FiberLocal } from './context.ts';

/**
 * Makes a key, once, at the top of a module. `initial` is what `fiber.local(key)` gives where no fiber above has set it.
 *
 *     const tenant = fiberLocal('tenant', 'none');
 *     fiber.setLocal(tenant, 'acme');    // seen by this fiber and its children, not by its parent
 */
export function fiberLocal<Value>(description: string, initial: Value): FiberLocal<Value> & { readonly initial: Value };
export function fiberLocal<Value>(description: string): FiberLocal<Value>;
export function fiberLocal<Value>(description: string, initial?: Value): FiberLocal<Value> {
  return Object.freeze({ description, initial });
}
