// The ways in which a handler takes its thread along.

import { pbkdf2Sync } from 'node:crypto';

export const dooms = ['exit', 'throw', 'reject', 'heap', 'parsed', 'pbkdf2', 'loop'] as const;
export type Doom = (typeof dooms)[number];

export function doom(how: Doom): void {
  switch (how) {
    case 'exit':
      process.exit(0);
      break;
    case 'throw':
      setTimeout(() => {
        throw new Error('thrown by a timer, as a test asked');
      }, 0);
      break;
    case 'reject':
      void Promise.reject(new Error('rejected with nobody listening, as a test asked'));
      break;
    case 'heap': {
      const kept: unknown[] = [];
      for (;;) kept.push(Array.from({ length: 1000 }, (_, at) => ({ at })));
    }
    case 'parsed': {
      // Large and young when the limit comes: what a collection at the limit has to find room for.
      const rows = Array.from({ length: 50_000 }, (_, id) => ({ id, name: `n${id}`, tags: ['a', 'b'] }));
      const text = JSON.stringify(rows);
      const kept: unknown[] = [];
      for (;;) kept.push(JSON.parse(text));
    }
    case 'pbkdf2':
      // A second or so in native code, where terminate() has to wait.
      pbkdf2Sync('password', 'salt', 6_000_000, 32, 'sha256');
      break;
    case 'loop':
      for (;;);
  }
}
