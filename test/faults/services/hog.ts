// faults.Hog: a service that takes what the whole process shares: its files, and the room of its log.

import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { z } from 'zod';
import { json } from '../../../net/codec/json-codec.ts';
import { method, service } from '../../../net/service/contract.ts';
import { implement } from '../../../net/service/implement.ts';

export const Hog = service('faults.Hog', {
  /** Opens every file that can be had, for `ms` also those that others let go of, then gives `leave` of them back. */
  takeFiles: method(json(z.object({ ms: z.number(), leave: z.number() }), z.object({ taken: z.number() }))),
  giveFiles: method(json(z.object({}), z.object({ given: z.number() }))),
  writeLog: method(json(z.object({ lines: z.number(), text: z.string() }), z.object({}))),
});

const taken: number[] = [];

export default implement(Hog, {
  takeFiles({ ms, leave }) {
    const untilMs = performance.now() + ms;
    let isFull = false;
    while (!isFull || performance.now() < untilMs) {
      try {
        taken.push(openSync(devNull, 'r'));
      } catch {
        isFull = true;
      }
    }
    for (const file of taken.splice(-leave, leave)) closeSync(file);
    return { taken: taken.length };
  },
  giveFiles() {
    const given = taken.length;
    for (const file of taken.splice(0)) closeSync(file);
    return { given };
  },
  writeLog({ lines, text }, fiber) {
    for (let line = 0; line < lines; line++) fiber.log.warn({ line }, text);
    return {};
  },
});
