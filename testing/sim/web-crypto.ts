// The global `crypto` of one simulated thread: numbers of the seed; digests and HMACs, which Node would make in the background,
// as tasks of the thread. What else of `subtle` works in the background is refused.

import { createHash, createHmac, KeyObject, timingSafeEqual } from 'node:crypto';
import { promised } from './background.ts';
import { Draws } from './draws.ts';
import type { SimThread } from './thread.ts';
import { refusals } from './unsimulated.ts';
import { withOwn } from './with-own.ts';

export type Bytes = ArrayBufferView<ArrayBuffer>;

interface SeededWebCrypto {
  random(): number;
  getRandomValues<View extends Bytes>(view: View): View;
  randomUUID(): string;
  readonly subtle: object;
}

const webCryptos = new WeakMap<SimThread, SeededWebCrypto>();

/** The same for a thread each time. */
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
  let subtle: object | undefined;
  return {
    random,
    getRandomValues,
    randomUUID,
    get subtle() {
      subtle ??= subtleOf(thread);
      return subtle;
    },
  };
}

type Source = ArrayBuffer | ArrayBufferView;
type CryptoKey = Parameters<typeof KeyObject.from>[0];
type Algorithm = string | { name: string };

/** Node imports and exports keys at once; all else of it goes to the background. */
const atOnce = ['importKey', 'exportKey', 'getPublicKey', 'constructor'] as const;

function subtleOf(thread: SimThread): object {
  const native = globalThis.crypto.subtle;
  const prototype = Object.getPrototypeOf(native) as object;
  const waiting = Object.getOwnPropertyNames(prototype).filter((name) => !(atOnce as readonly string[]).includes(name));
  const refused = refusals('crypto.subtle.', waiting, 'subtle') as Record<string, () => never>;
  const rejected = Object.entries(refused).map(([name, refuse]) => [name, async () => refuse()] as const);
  const { digest, sign, verify } = Object.fromEntries(rejected) as Record<string, () => Promise<never>>;
  const bound = ['importKey', 'exportKey', 'getPublicKey'] as const;
  const natives = native as unknown as Record<string, ((...values: unknown[]) => unknown) | undefined>;
  return withOwn(native, {
    ...Object.fromEntries(rejected),
    ...Object.fromEntries(bound.map((name) => [name, natives[name]?.bind(native)])),
    digest: (algorithm: Algorithm, data: Source) => {
      const hash = nodeHashes[nameOf(algorithm)];
      if (hash === undefined) return digest!();
      return promised(thread, 'digest', () => exact(createHash(hash).update(bytesOf(data)).digest()));
    },
    sign: (algorithm: Algorithm, key: CryptoKey, data: Source) =>
      canHmac(algorithm, key, 'sign') ? promised(thread, 'sign', () => exact(hmac(key, data))) : sign!(),
    verify: (algorithm: Algorithm, key: CryptoKey, signature: Source, data: Source) => {
      if (!canHmac(algorithm, key, 'verify')) return verify!();
      return promised(thread, 'verify', () => isSame(bytesOf(signature), hmac(key, data)));
    },
  });
}

const nodeHashes: Readonly<Record<string, string>> = {
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

function nameOf(algorithm: Algorithm): string {
  return (typeof algorithm === 'string' ? algorithm : algorithm.name).toUpperCase();
}

/** Throws, as subtle would reject, where the key is not for that. */
function canHmac(algorithm: Algorithm, key: CryptoKey, usage: 'sign' | 'verify'): boolean {
  if (nameOf(algorithm) !== 'HMAC' || key.algorithm.name !== 'HMAC') return false;
  return key.usages.includes(usage) && hashOf(key) !== undefined;
}

function hashOf(key: CryptoKey): string | undefined {
  const { hash } = key.algorithm as { hash?: { name: string } };
  return hash === undefined ? undefined : nodeHashes[hash.name];
}

function hmac(key: CryptoKey, data: Source): Buffer {
  return createHmac(hashOf(key)!, KeyObject.from(key)).update(bytesOf(data)).digest();
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

function bytesOf(data: Source): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

/** An ArrayBuffer of these bytes and no others. */
function exact(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
