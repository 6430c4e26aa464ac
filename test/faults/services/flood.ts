// faults.Flood: a service whose handlers take libuv's thread pool, which all threads of the process share, by what people
// use every day: async crypto, async zlib, async fs.

import { pbkdf2, scrypt } from 'node:crypto';
import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress } from 'node:zlib';
import { z } from 'zod';
import { json } from '../../../net/codec/json-codec.ts';
import { method, service } from '../../../net/service/contract.ts';
import { implement } from '../../../net/service/implement.ts';

export const Flood = service('faults.Flood', {
  /** Opens a FIFO that nobody writes to, `count` times: each keeps one thread of libuv's pool until somebody does. */
  stick: method(json(z.object({ fifo: z.string(), count: z.number() }), z.object({}))),
  /** Keeps `jobs` jobs in libuv's pool, until `ms` have passed and all are done. */
  burn: method(json(z.object({ ms: z.number(), jobs: z.number() }), z.object({ done: z.number() }))),
  /** How long an fs.stat takes here, ms. */
  stat: method(json(z.object({}), z.object({ ms: z.number() }))),
});

const self = fileURLToPath(import.meta.url);
const text = Buffer.from('what libuv is to compress '.repeat(500));

const jobs: (() => Promise<unknown>)[] = [
  () => promisify(pbkdf2)('password', 'salt', 20_000, 32, 'sha256'),
  () => promisify(brotliCompress)(text),
  () => promisify(scrypt)('password', 'salt', 32),
  () => readFile(self),
];

export default implement(Flood, {
  stick({ fifo, count }) {
    const close = (file: FileHandle) => file.close();
    for (let opened = 0; opened < count; opened++) void open(fifo, 'r').then(close);
    return {};
  },
  async burn({ ms, jobs: inFlight }) {
    const untilMs = performance.now() + ms;
    let done = 0;
    const workers = Array.from({ length: inFlight }, async (_, at) => {
      for (let next = at; next === at || performance.now() < untilMs; next++) {
        await jobs[next % jobs.length]!();
        done++;
      }
    });
    await Promise.all(workers);
    return { done };
  },
  async stat() {
    const startMs = performance.now();
    await stat(self);
    return { ms: performance.now() - startMs };
  },
});
