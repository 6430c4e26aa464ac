// What a thread has learnt of schema versions that its callers brought along. One bound for all methods of the thread, the
// least recently used goes first: a caller whose version was forgotten is asked for it again, which costs one round trip.

import type { HeddleError } from '../../runtime/errors.ts';
import type { Fingerprint } from './avro-canonical.ts';
import type { BodyForm } from './method-codec.ts';

/** Schema versions per thread that were learnt from the wire. */
export const learntFormsMax = 256;
/** Their canonical texts together, bytes of UTF-8: what a version holds in memory grows with its text. */
export const learntTextMaxBytes = 1_048_576;

interface Learnt extends Fingerprint {
  /** A version that does not fit is remembered too, by the sentence that says why. */
  readonly form: BodyForm | HeddleError;
  readonly owner: LearntForms;
  readonly textBytes: number;
}

// Oldest use first. A Set keeps insertion order, so delete and add is the whole of "least recently used".
const recent = new Set<Learnt>();
let recentTextBytes = 0;

/** The versions of one method. */
export class LearntForms {
  // By the lower half alone; should two versions share it, the later one takes the place.
  readonly #byLow = new Map<number, Learnt>();

  /** The form of a version, or why it has none; undefined: not known. */
  find(high: number, low: number): BodyForm | HeddleError | undefined {
    const learnt = this.#byLow.get(low);
    if (learnt === undefined || learnt.high !== high) return undefined;
    recent.delete(learnt);
    recent.add(learnt);
    return learnt.form;
  }

  /** `textBytes`: of the version's canonical text. */
  learn(fingerprint: Fingerprint, form: BodyForm | HeddleError, textBytes: number): void {
    const { high, low } = fingerprint;
    const before = this.#byLow.get(low);
    if (before !== undefined) forget(before);
    const learnt: Learnt = { high, low, form, owner: this, textBytes };
    this.#byLow.set(low, learnt);
    recent.add(learnt);
    recentTextBytes += textBytes;
    for (const oldest of recent) {
      if (recent.size <= learntFormsMax && recentTextBytes <= learntTextMaxBytes) return;
      forget(oldest);
      oldest.owner.#byLow.delete(oldest.low);
    }
  }
}

function forget(learnt: Learnt): void {
  recent.delete(learnt);
  recentTextBytes -= learnt.textBytes;
}
