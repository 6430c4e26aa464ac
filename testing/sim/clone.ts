// cloneMessage: what a MessagePort does to a message: plain data is copied, buffers of the transfer list move, shared memory
// is shared, ports are handed over, and what can't be cloned throws.

import { types } from 'node:util';

/** A port on its way from one thread to another. */
export interface Moving {
  /** Makes the port of the thread that got the message. */
  arrive(thread: unknown): unknown;
}

/** Where a port belongs in a copied message. */
interface Place {
  holder: Record<string, unknown> | unknown[];
  key: string | number;
  moving: Moving;
}

export interface ClonedMessage {
  value: unknown;
  places: readonly Place[];
}

/** `moving`: what stands for each port of the transfer list. Throws DataCloneError. */
export function cloneMessage(
  value: unknown,
  transfer: readonly unknown[],
  moving: ReadonlyMap<unknown, Moving>,
): ClonedMessage {
  const places: Place[] = [];
  const seen = new Map<unknown, unknown>();
  const buffers = transfer.filter((one) => one instanceof ArrayBuffer);

  const copy = (one: unknown): unknown => {
    if (typeof one === 'function' || typeof one === 'symbol') throw notCloneable(String(one));
    if (typeof one !== 'object' || one === null) return one;
    const known = seen.get(one);
    if (known !== undefined) return known;
    if (types.isSharedArrayBuffer(one)) return one;
    if (Array.isArray(one)) return fill([], one, one.keys());
    const prototype: unknown = Object.getPrototypeOf(one);
    if (prototype === Object.prototype || prototype === null) return fill({}, one, Object.keys(one));
    if (one instanceof Map) {
      const map = new Map<unknown, unknown>();
      seen.set(one, map);
      for (const [key, held] of one) map.set(copy(key), copy(held));
      return map;
    }
    if (ArrayBuffer.isView(one) && types.isSharedArrayBuffer(one.buffer)) return one;
    if (moving.has(one)) throw notCloneable('a port that is no property of the message');
    const whole = ArrayBuffer.isView(one) ? one.buffer : one;
    const moved = structuredClone(one, { transfer: buffers.filter((buffer) => buffer === whole) });
    seen.set(one, moved);
    return moved;
  };
  const fill = (
    target: Record<string, unknown> | unknown[],
    source: object,
    keys: Iterable<string | number>,
  ): unknown => {
    seen.set(source, target);
    const to = target as Record<string | number, unknown>;
    for (const key of keys) {
      const held = (source as Record<string | number, unknown>)[key];
      const port = moving.get(held);
      if (port === undefined) to[key] = copy(held);
      else places.push({ holder: target, key, moving: port });
    }
    return target;
  };
  return { value: copy(value), places };
}

/** The message as `thread` gets it. */
export function openMessage({ value, places }: ClonedMessage, thread: unknown): unknown {
  for (const { holder, key, moving } of places) {
    (holder as Record<string | number, unknown>)[key] = moving.arrive(thread);
  }
  return value;
}

function notCloneable(what: string): DOMException {
  return new DOMException(`${what.slice(0, 80)} could not be cloned.`, 'DataCloneError');
}
