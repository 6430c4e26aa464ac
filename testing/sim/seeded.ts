// What of Node speaks of chance, for one simulated thread: node:crypto, whose numbers come from the seed, and whose slow parts
// take virtual time.

import { backgroundFunctions, type Compute, inBackground, withCallback } from './background.ts';
import type { Namespace } from './module-factory.ts';
import type { SimThread } from './thread.ts';
import { refusals } from './unsimulated.ts';
import { type Bytes, webCrypto } from './web-crypto.ts';
import { moduleWithOwn } from './with-own.ts';

type Done<Value> = (error: unknown, value: Value) => void;

/** Drawn by Node, of what no seed reaches. */
const unseeded = ['generateKeyPair', 'generateKeyPairSync', 'generatePrime', 'generatePrimeSync'] as const;
/** They call back when the last value is a function, and answer at once when not. */
const calling = ['sign', 'verify', 'diffieHellman', 'encapsulate', 'decapsulate'] as const;

/** As node:crypto; what it makes of the bytes it is given is Node's own. */
export function seededCrypto(thread: SimThread): Namespace {
  const native = process.getBuiltinModule('node:crypto') as unknown as Record<string, Compute>;
  const web = webCrypto(thread);
  const { randomUUID, getRandomValues, subtle } = web;
  const called = calling.filter((name) => typeof native[name] === 'function');
  const randomBytes = randomBytesOf(thread);
  return moduleWithOwn(native, {
    ...backgroundFunctions(thread, 'node:crypto'),
    ...Object.fromEntries(called.map((name) => [name, withCallback(thread, name, native[name]!, native[name]!)])),
    ...refusals('node:crypto, ', unseeded, 'keys'),
    ...seededKeys(thread),
    ...seededFills(thread),
    randomBytes,
    pseudoRandomBytes: randomBytes,
    prng: randomBytes,
    rng: randomBytes,
    randomInt: randomIntOf(thread),
    randomUUID,
    randomUUIDv7: () => uuidV7(thread),
    getRandomValues,
    webcrypto: web,
    subtle,
  });
}

function randomBytesOf(thread: SimThread) {
  const { getRandomValues } = webCrypto(thread);
  return (size: number, done?: Done<Buffer>): Buffer | undefined => {
    const bytes = getRandomValues(Buffer.alloc(size));
    if (done === undefined) return bytes;
    inBackground(thread, 'gets random bytes', () => bytes, done as Done<unknown>);
    return undefined;
  };
}

function randomIntOf(thread: SimThread) {
  const { random } = webCrypto(thread);
  return (first: number, second?: number | Done<number>, third?: Done<number>): number | undefined => {
    const [min, max] = typeof second === 'number' ? [first, second] : [0, first];
    const done = typeof second === 'function' ? second : third;
    const value = min + Math.floor(random() * (max - min));
    if (done === undefined) return value;
    inBackground(thread, 'gets a random number', () => value, done as Done<unknown>);
    return undefined;
  };
}

type Fillable = Bytes | ArrayBufferLike;

function seededFills(thread: SimThread): Namespace {
  const randomFillSync = (target: Fillable, offset = 0, size?: number): Fillable => {
    fill(thread, target, offset, size);
    return target;
  };
  const randomFill = (target: Fillable, ...values: (number | Done<Fillable>)[]): void => {
    const done = values.pop() as Done<unknown>;
    const [offset = 0, size] = values as number[];
    inBackground(thread, 'gets random bytes', () => randomFillSync(target, offset, size), done);
  };
  return { randomFillSync, randomFill };
}

/** `offset` and `size`: as Node counts them, in elements. */
function fill(thread: SimThread, target: Fillable, offset: number, size: number | undefined): void {
  const whole = ArrayBuffer.isView(target)
    ? new Uint8Array(target.buffer, target.byteOffset, target.byteLength)
    : new Uint8Array(target);
  const { BYTES_PER_ELEMENT: unit = 1 } = target as { BYTES_PER_ELEMENT?: number };
  const start = offset * unit;
  const end = size === undefined ? whole.length : start + size * unit;
  if (!(start >= 0 && end >= start && end <= whole.length)) {
    const error = new RangeError(`bytes ${start} to ${end} are not all in a buffer of ${whole.length}`);
    throw Object.assign(error, { code: 'ERR_OUT_OF_RANGE' });
  }
  webCrypto(thread).getRandomValues(whole.subarray(start, end) as Bytes);
}

function seededKeys(thread: SimThread): Namespace {
  const native = process.getBuiltinModule('node:crypto');
  const { getRandomValues } = webCrypto(thread);
  const generateKeySync = (type: 'hmac' | 'aes', options: { length: number }) => {
    // It complains of what is wrong.
    native.generateKeySync(type, options);
    return native.createSecretKey(getRandomValues(Buffer.alloc(Math.floor(options.length / 8))));
  };
  const generateKey = withCallback(thread, 'generateKey', native.generateKey as Compute, generateKeySync);
  return { generateKeySync, generateKey };
}

function uuidV7(thread: SimThread): string {
  const bytes = webCrypto(thread).getRandomValues(Buffer.alloc(16));
  bytes.writeUIntBE(Math.floor(thread.clock.wallMs()), 0, 6);
  bytes[6] = (bytes[6]! & 15) | 112;
  bytes[8] = (bytes[8]! & 63) | 128;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
