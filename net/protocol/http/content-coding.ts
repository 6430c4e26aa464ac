// content-coding: content-encoding and accept-encoding (RFC 9110, sections 8.4 and 12.5.3) <-> the compression byte of
// heads. Pure; on IO threads, which read and write these headers and leave the bodies to the threads that run requests.

import type { CompressorNames } from '../../../runtime/plugins/compressor.ts';

/** What `bodyCoding` says of a coding that nobody knows here. */
export const unknownCoding = -1;

/** Characters and elements of an accept-encoding that is read: browsers send some 30 and four. */
const acceptedCharsMax = 1_024;
const acceptedElementsMax = 32;

/** The id of a request body's compression: 0 for none, `unknownCoding` for another one and for several. */
export function bodyCoding(compressors: readonly CompressorNames[], header: string | undefined): number {
  if (header === undefined) return 0;
  const coding = canonical(header.trim());
  if (coding === 'identity' || coding === '') return 0;
  return compressors.find(({ encoding }) => encoding === coding)?.id ?? unknownCoding;
}

/**
 * The id of the compression that a reply may have: of those whose q is the highest the first one here; 0 when the client
 * takes none, prefers a reply as it is, or does not say. What is malformed in the header is passed over; so is the whole
 * header when it is longer than anybody's.
 */
export function acceptedCoding(compressors: readonly CompressorNames[], header: string | undefined): number {
  if (header === undefined || header.length > acceptedCharsMax) return 0;
  const elements = header.split(',');
  if (elements.length > acceptedElementsMax) return 0;
  const weights = weightsOf(elements);
  const others = weights.get('*') ?? 0;
  let best = 0;
  let bestWeight = Math.max(0, weights.get('identity') ?? 0);
  for (const { encoding, id } of compressors) {
    const weight = weights.get(encoding) ?? others;
    // Compressed rather than as it is when both are liked the same; among compressors the first one.
    if (weight > bestWeight || (best === 0 && weight === bestWeight && weight > 0)) {
      best = id;
      bestWeight = weight;
    }
  }
  return best;
}

/** `content-encoding` of a reply. Undefined: nobody here has this id. */
export function codingOf(compressors: readonly CompressorNames[], id: number): string | undefined {
  return compressors.find((compressor) => compressor.id === id)?.encoding;
}

/** By coding, the first that is said of each. */
function weightsOf(elements: readonly string[]): Map<string, number> {
  const weights = new Map<string, number>();
  for (const element of elements) {
    const match = /^[\t ]*([^\t ;,]+)[\t ]*(?:;[\t ]*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[\t ]*)?$/i.exec(element);
    if (match === null) continue;
    const coding = canonical(match[1]!);
    if (!weights.has(coding)) weights.set(coding, match[2] === undefined ? 1 : Number(match[2]));
  }
  return weights;
}

/** Codings know no case, and gzip has an old name. */
function canonical(coding: string): string {
  const lower = coding.toLowerCase();
  return lower === 'x-gzip' ? 'gzip' : lower;
}
