// Marks: what traffic adds to the calls that it passes on, a pair each behind the metadata that they came with.
// `heddle-mirror` names a process that copied the call: whoever gets it is told that nobody waits for the answer, and no
// process copies a call that it has copied before, so mirrors that copy to each other end. `heddle-hops` counts how often
// a call was forwarded, so that listeners that forward to each other in a circle are found out.
//
// Both come over the wire, where anybody can write them. A count that somebody made up ends only his own call. Names of
// processes are drawn by chance and told to mirrors alone, so nobody else can keep his calls from being copied.

import type { CallHead } from '../../runtime/call.ts';
import type { Random } from '../../runtime/clock.ts';
import { encodeMetadata } from '../../runtime/metadata.ts';

export const mirrorKey = 'heddle-mirror';
export const hopsKey = 'heddle-hops';

/**
 * Forwards of one call, over all processes; over it FAILED_PRECONDITION. Doors behind doors are rarely more than three;
 * in a circle a call is at its end within some milliseconds. One digit.
 */
export const hopsMax = 8;

/** By the number of forwards, this one included. */
export const hopMarks: readonly Buffer[] = Array.from({ length: hopsMax + 1 }, (_, hops) =>
  encodeMetadata([[hopsKey, String(hops)]]),
);

/** The name by which a process knows its own copies again: 96 bits of chance, too many to be guessed. */
export function newCopier(random: Random): string {
  const words = Array.from({ length: 3 }, () => Math.floor(random() * 2 ** 32));
  return words.map((word) => word.toString(16).padStart(8, '0')).join('');
}

/** What the copies of one process say. */
export function mirrorMark(copier: string): Buffer {
  return encodeMetadata([[mirrorKey, copier]]);
}

const hopsKeyBytes = Buffer.from(hopsKey);
const zero = 48;

/** Whether this very mark, a pair as it is encoded, stands in the call's metadata. */
export function isMarkedWith({ source, metadataStart, metadataEnd }: CallHead, mark: Buffer): boolean {
  for (let at = metadataStart, end: number; at < metadataEnd; at = end) {
    end = pairEnd(source, at, metadataEnd);
    if (end < 0) return false;
    if (end - at === mark.length && mark.compare(source, at, end) === 0) return true;
  }
  return false;
}

/** How often the call was forwarded before it came here. The last count holds; values of no bytes are none. */
export function hopsOf({ source, metadataStart, metadataEnd }: CallHead): number {
  let hops = 0;
  for (let at = metadataStart, end: number; at < metadataEnd; at = end) {
    end = pairEnd(source, at, metadataEnd);
    if (end < 0) break;
    const keyEnd = at + 1 + source[at]!;
    const isKey = source[at] === hopsKeyBytes.length && hopsKeyBytes.compare(source, at + 1, keyEnd) === 0;
    if (!isKey || end === keyEnd + 2) continue;
    const digit = source[keyEnd + 2]! - zero;
    hops = digit >= 0 && digit <= 9 ? digit : 0;
  }
  return hops;
}

/** Where the pair that begins at `at` ends; -1: it is cut short. */
function pairEnd(source: Buffer, at: number, metadataEnd: number): number {
  const keyEnd = at + 1 + source[at]!;
  if (keyEnd + 2 > metadataEnd) return -1;
  const end = keyEnd + 2 + source[keyEnd]! + source[keyEnd + 1]! * 256;
  return end <= metadataEnd ? end : -1;
}
