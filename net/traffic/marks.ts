// Marks: what traffic adds to the calls that it passes on, a pair each behind the metadata that they came with. By
// `heddle-mirror` whoever gets a copy knows that nobody waits for its answer, and no copy is copied again; `heddle-hops`
// counts how often a call was forwarded, so that listeners that forward to each other in a circle are found out.

import { type CallHead, emptyCallHead, noBytes } from '../../runtime/call.ts';
import { encodeMetadata } from '../../runtime/metadata.ts';

export const mirrorKey = 'heddle-mirror';
export const hopsKey = 'heddle-hops';

/**
 * Forwards of one call, over all processes; over it FAILED_PRECONDITION. Doors behind doors are rarely more than three;
 * in a circle a call is at its end within some milliseconds. One digit.
 */
export const hopsMax = 8;

export const mirrorMark: Buffer = encodeMetadata([[mirrorKey, '1']]);

/** By the number of forwards, this one included. */
export const hopMarks: readonly Buffer[] = Array.from({ length: hopsMax + 1 }, (_, hops) =>
  encodeMetadata([[hopsKey, String(hops)]]),
);

const mirrorKeyBytes = Buffer.from(mirrorKey);
const hopsKeyBytes = Buffer.from(hopsKey);

/** True for a copy. */
export function isMirrored(head: CallHead): boolean {
  return lastValueAt(head, mirrorKeyBytes) >= 0;
}

/** How often the call was forwarded before it came here. */
export function hopsOf(head: CallHead): number {
  const at = lastValueAt(head, hopsKeyBytes);
  if (at < 0) return 0;
  const digit = head.source[at]! - zero;
  return digit >= 0 && digit <= 9 ? digit : 0;
}

const zero = 48;

/** Where the value of the last pair with this key begins; -1: there is none. Values of no bytes do not count. */
function lastValueAt({ source, metadataStart, metadataEnd }: CallHead, key: Buffer): number {
  let found = -1;
  let at = metadataStart;
  while (at < metadataEnd) {
    const keyEnd = at + 1 + source[at]!;
    if (keyEnd + 2 > metadataEnd) break;
    const next = keyEnd + 2 + source[keyEnd]! + source[keyEnd + 1]! * 256;
    const isKey = keyEnd - at - 1 === key.length && key.compare(source, at + 1, keyEnd) === 0;
    if (isKey && next > keyEnd + 2 && next <= metadataEnd) found = keyEnd + 2;
    at = next;
  }
  return found;
}

/** A call up to this size is copied into memory that stays; a longer one gets its own, bytes. */
const keptBytes = 65_536;

/** A call with a mark behind its metadata. One per thread: the next `of` overwrites it. */
export class MarkedCall {
  readonly #head = emptyCallHead();
  readonly #kept = Buffer.allocUnsafeSlow(keptBytes);

  /** Valid until the next `of` or `release`. The trace words are still those of `head`. */
  of(head: CallHead, mark: Buffer): CallHead {
    const { source, metadataStart, metadataEnd, bodyStart, bodyEnd } = head;
    const length = metadataEnd - metadataStart + mark.length + bodyEnd - bodyStart;
    const bytes = length <= keptBytes ? this.#kept : Buffer.allocUnsafeSlow(length);
    let end = source.copy(bytes, 0, metadataStart, metadataEnd);
    end += mark.copy(bytes, end);
    source.copy(bytes, end, bodyStart, bodyEnd);
    // Every field of a head, also one that somebody adds to CallHead.
    const marked = Object.assign(this.#head, head);
    marked.source = bytes;
    marked.metadataStart = 0;
    marked.metadataEnd = end;
    marked.bodyStart = end;
    marked.bodyEnd = length;
    return marked;
  }

  /** Lets go of the memory of a long call. */
  release(): void {
    this.#head.source = noBytes;
  }
}
