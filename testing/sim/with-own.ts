// withOwn: a part of Node as a simulated thread has it: some of it the thread's own, all else Node's. Called when a thread
// begins, by what makes its globals and its modules.

import type { Namespace } from './module-factory.ts';

/** As `native`, but for `parts`. What is set on it later stays on it: the thread's own, too. */
export function withOwn(native: object, parts: Record<string, unknown>): Namespace {
  const own = Object.create(native) as Namespace;
  // Not assigned: setters of the native one would hear of it.
  for (const [name, value] of Object.entries(parts)) {
    Object.defineProperty(own, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return own;
}

/** A module of Node, with itself as its default. */
export function moduleWithOwn(native: object, parts: Record<string, unknown>): Namespace {
  const own = withOwn(native, parts);
  Object.defineProperty(own, 'default', { value: own, enumerable: true });
  return own;
}
