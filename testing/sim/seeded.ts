// What of Node speaks of chance and of time beside timers, for one simulated thread: `crypto` whose numbers come from the
// seed, and AbortSignal whose timeouts are virtual.

import { Draws } from './draws.ts';
import type { Namespace } from './module-factory.ts';
import type { SimThread } from './thread.ts';

type Bytes = ArrayBufferView<ArrayBuffer>;
type Done<Value> = (error: null, value: Value) => void;

/** As node:crypto; what it makes of the bytes it is given is Node's own. */
export function seededCrypto(thread: SimThread): Namespace {
  const native = process.getBuiltinModule('node:crypto');
  const web = webCrypto(thread);
  const randomBytes = (size: number, done?: Done<Buffer>): Buffer | undefined => {
    const bytes = web.getRandomValues(Buffer.alloc(size));
    if (done === undefined) return bytes;
    thread.post('crypto', 'gets random bytes', () => done(null, bytes));
    return undefined;
  };
  const randomInt = (first: number, second?: number | Done<number>, third?: Done<number>): number | undefined => {
    const [min, max] = typeof second === 'number' ? [first, second] : [0, first];
    const done = typeof second === 'function' ? second : third;
    const value = min + Math.floor(web.random() * (max - min));
    if (done === undefined) return value;
    thread.post('crypto', 'gets a random number', () => done(null, value));
    return undefined;
  };
  const { randomUUID, getRandomValues } = web;
  const own = Object.create(native) as Namespace;
  const parts = {
    randomBytes,
    randomInt,
    randomUUID,
    getRandomValues,
    randomFillSync: getRandomValues,
    webcrypto: web,
  };
  for (const [name, value] of Object.entries({ ...parts, default: own })) {
    Object.defineProperty(own, name, { value, enumerable: true });
  }
  return own;
}

interface SeededWebCrypto {
  random(): number;
  getRandomValues<View extends Bytes>(view: View): View;
  randomUUID(): string;
  readonly subtle: SubtleCrypto;
}

type SubtleCrypto = typeof globalThis.crypto.subtle;

const webCryptos = new WeakMap<SimThread, SeededWebCrypto>();

/** As the global `crypto`, the same for a thread each time. */
export function webCrypto(thread: SimThread): SeededWebCrypto {
  let web = webCryptos.get(thread);
  if (web === undefined) {
    web = newWebCrypto(thread);
    webCryptos.set(thread, web);
  }
  return web;
}

function newWebCrypto(thread: SimThread): SeededWebCrypto {
  let draws: Draws | undefined;
  const random = (): number => {
    draws ??= new Draws(thread.world.seed, `crypto of ${thread.name} ${thread.index}`);
    return draws.random();
  };
  const getRandomValues = <View extends Bytes>(view: View): View => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    for (let at = 0; at < bytes.length; at++) bytes[at] = random() * 256;
    return view;
  };
  const randomUUID = (): string => {
    const bytes = getRandomValues(Buffer.alloc(16));
    // Version 4, variant 1.
    bytes[6] = (bytes[6]! & 15) | 64;
    bytes[8] = (bytes[8]! & 63) | 128;
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  };
  return { random, getRandomValues, randomUUID, subtle: globalThis.crypto.subtle };
}

export function simAbortSignal(thread: SimThread): unknown {
  const timeout = (delayMs: number): AbortSignal => {
    const controller = new AbortController();
    const reason = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
    thread.setTimer(delayMs, () => controller.abort(reason), 'abort');
    return controller.signal;
  };
  return new Proxy(AbortSignal, {
    get: (target, name) => (name === 'timeout' ? timeout : Reflect.get(target, name)),
  });
}
