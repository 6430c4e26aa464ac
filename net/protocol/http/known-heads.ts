// KnownHeads: the heads that an IO thread has read lately. Most clients send the same head again and again, on all their
// connections, and comparing a text costs a fraction of reading it anew.

import { type ParsedRequest, parseRequest } from './parse-request.ts';
import type { Refusal } from './refusal.ts';

/** Heads that are kept: one of each length modulo this. */
const headsMax = 64;
/** Longer ones are read anew, characters. */
const charsMax = 1_024;

export class KnownHeads {
  readonly #heads: (ParsedRequest | undefined)[] = Array.from({ length: headsMax }, () => undefined);

  /** As `parseRequest`. */
  read(text: string): ParsedRequest | Refusal {
    const place = text.length % headsMax;
    const known = this.#heads[place];
    if (known !== undefined && known.text === text) return known;
    const request = parseRequest(text);
    if (text.length <= charsMax && !('status' in request)) this.#heads[place] = request;
    return request;
  }
}
