// The mark of a request that was made of query parameters: one metadata pair, always the first, so that it is found by
// comparing bytes. Protocol http writes it on IO threads, codecs look for it where the fiber runs.

import type { CallHead } from '../../runtime/call.ts';
import { encodeMetadata } from '../../runtime/metadata.ts';

export const queryKey = 'heddle-query';

/** The pair as it stands at the start of a request's metadata. */
export const queryMark: Buffer = encodeMetadata([[queryKey, '1']]);

/** True when the body is a JSON object whose values are all text (or arrays of text), for the codec to read. */
export function isQuery(head: CallHead): boolean {
  const { source, metadataStart, metadataEnd } = head;
  const markEnd = metadataStart + queryMark.length;
  return markEnd <= metadataEnd && queryMark.compare(source, metadataStart, markEnd) === 0;
}
