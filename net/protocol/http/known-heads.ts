// KnownHeads: the heads that an IO thread has read lately. Most clients send the same head again and again, on all their
// connections: comparing its bytes costs a fraction of reading it anew.

import { type ParsedRequest, parseRequest } from './parse-request.ts';
import type { Refusal } from './refusal.ts';

/** Heads that are kept: one of each length modulo this. */
const headsMax = 64;
/** Longer ones are read anew, characters. */
const charsMax = 1_024;

/** A head that may come again. */
export interface KnownHead {
  readonly request: ParsedRequest;
  /** Where it is kept, for `beginOf`; -1: nowhere. */
  readonly place: number;
  /** With the empty line behind it; undefined until it has come twice. */
  bytes: Buffer | undefined;
}

export class KnownHeads {
  readonly #heads: (KnownHead | undefined)[] = Array.from({ length: headsMax }, () => undefined);

  /** As `parseRequest`, with what is kept of it. */
  read(text: string): KnownHead | Refusal {
    const place = text.length % headsMax;
    const known = this.#heads[place];
    if (known !== undefined && known.request.text === text) {
      known.bytes ??= Buffer.from(`${text}\r\n\r\n`, 'latin1');
      return known;
    }
    const request = parseRequest(text);
    if ('status' in request) return request;
    if (text.length > charsMax) return { request, place: -1, bytes: undefined };
    const head = { request, place, bytes: undefined };
    this.#heads[place] = head;
    return head;
  }

  /** The head that is kept at that place, if these bytes begin with it. */
  beginOf(bytes: Buffer, start: number, end: number, place: number): KnownHead | undefined {
    const head = place === -1 ? undefined : this.#heads[place];
    const known = head?.bytes;
    if (known === undefined || end - start < known.length) return undefined;
    return bytes.compare(known, 0, known.length, start, start + known.length) === 0 ? head : undefined;
  }
}
