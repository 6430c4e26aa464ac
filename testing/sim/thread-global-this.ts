// globalThis of one simulated thread: its own globals and all that it sets there, over those of the process, which it does not
// change. So what a handler leaves on globalThis is gone with its thread, as in production.

type Store = Record<PropertyKey, unknown>;

/** `globals`: what the thread has of its own; the new object is added to them as `globalThis` and `global`. */
export function ownGlobalThis(globals: Readonly<Record<string, unknown>>): object {
  const store = Object.create(null) as Store;
  const deleted = new Set<PropertyKey>();
  const isReal = (key: PropertyKey): boolean => !deleted.has(key) && key in globalThis;
  const own: object = new Proxy(store, {
    get: (_store, key) => (Object.hasOwn(store, key) || !isReal(key) ? store[key] : Reflect.get(globalThis, key)),
    has: (_store, key) => Object.hasOwn(store, key) || isReal(key),
    set: (_store, key, value) => Reflect.set(store, key, value),
    deleteProperty: (_store, key) => {
      deleted.add(key);
      return Reflect.deleteProperty(store, key);
    },
    ownKeys: () => [
      ...new Set([...Reflect.ownKeys(store), ...Reflect.ownKeys(globalThis).filter((key) => isReal(key))]),
    ],
    getOwnPropertyDescriptor: (_store, key) => {
      const kept = Reflect.getOwnPropertyDescriptor(store, key);
      if (kept !== undefined || !isReal(key)) return kept;
      const real = Reflect.getOwnPropertyDescriptor(globalThis, key);
      // A property that the store has not must be one that may go.
      return real === undefined ? undefined : { ...real, configurable: true };
    },
    getPrototypeOf: () => Reflect.getPrototypeOf(globalThis),
  });
  for (const [name, value] of Object.entries({ ...globals, globalThis: own, global: own })) {
    Object.defineProperty(store, name, { value, configurable: true, writable: true });
  }
  return own;
}
