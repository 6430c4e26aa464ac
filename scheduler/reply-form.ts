// reply-form: fills the one CallReply of a thread that runs requests: nothing, an error, text pairs before the body.

import type { CallReply } from '../runtime/call.ts';
import { codeNumber, type HeddleError, type RetryHint, retryHints } from '../runtime/errors.ts';
import { encodeMetadata } from '../runtime/metadata.ts';

/** Sentences of errors are cut here, bytes: they travel in every hop. */
const messageMaxBytes = 4096;

/** Success and no bytes. */
export function clearReply(reply: CallReply): void {
  reply.code = 0;
  reply.retry = 0;
  reply.retryAfterMs = 0;
  reply.codec = 0;
  reply.compression = 0;
  reply.fingerprintHigh = 0;
  reply.fingerprintLow = 0;
  reply.metadataStart = 0;
  reply.metadataEnd = 0;
  reply.bodyStart = 0;
  reply.bodyEnd = 0;
}

/** What a reply says of a HeddleError. */
export type FailedReply = Pick<HeddleError, 'code' | 'message' | 'retry' | 'retryAfterMs'>;

/** `retry`: when it is not the error's own. */
export function failReply(reply: CallReply, error: FailedReply, retry: RetryHint = error.retry): void {
  clearReply(reply);
  reply.code = codeNumber(error.code);
  reply.retry = retryHints.indexOf(retry);
  reply.retryAfterMs = error.retryAfterMs;
  reply.source = utf8Start(error.message, messageMaxBytes);
  reply.bodyEnd = reply.source.length;
}

/** Puts text pairs before the body, in memory of their own. Returns why they were left out, if they do not fit. */
export function addMetadata(reply: CallReply, pairs: ReadonlyMap<string, string>): unknown {
  let metadata: Buffer;
  try {
    metadata = encodeMetadata(pairs);
  } catch (reason) {
    return reason;
  }
  const body = reply.source.subarray(reply.bodyStart, reply.bodyEnd);
  reply.source = Buffer.concat([metadata, body]);
  reply.metadataStart = 0;
  reply.metadataEnd = metadata.length;
  reply.bodyStart = metadata.length;
  reply.bodyEnd = reply.source.length;
  return undefined;
}

/** The text in UTF-8, cut between characters at `maxBytes`. */
function utf8Start(text: string, maxBytes: number): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxBytes) return bytes;
  let end = maxBytes;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}
