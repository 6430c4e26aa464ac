// Scratch: the thread's one buffer that bodies are written into, requests and replies alike. Whoever carries a message
// copies it into shared memory or a socket before the next one is written, so one buffer serves all of them.

/** What a CallHead and a CallReply have in common: metadata and body in one buffer. */
export interface MessageBytes {
  source: Buffer;
  metadataStart: number;
  metadataEnd: number;
  bodyStart: number;
  bodyEnd: number;
}

/** First size of the scratch buffer, bytes. */
export const scratchBytes = 65_536;
/** A larger message gets a buffer of its own, so that one giant does not stay with the thread for ever; bytes. */
export const scratchKeepBytes = 1_048_576;

let scratch: Buffer = Buffer.allocUnsafeSlow(scratchBytes);

/**
 * Puts a message's metadata (if it has any) at the front of the scratch buffer and its body behind it, as `write` does
 * at the given offset: it returns the end, or minus the bytes that were missing, and is then called once more.
 * `message.source` is valid until the next call on this thread.
 */
export function writeBody<Value>(
  message: MessageBytes,
  value: Value,
  write: (value: Value, target: Buffer, at: number) => number,
): void {
  const start = placeMetadata(message);
  let target = message.source;
  let end = write(value, target, start);
  while (end < 0) {
    target = grown(target, start, target.length - end);
    end = write(value, target, start);
  }
  message.source = target;
  message.bodyStart = start;
  message.bodyEnd = end;
}

/** Lets a message carry `body` as it is when there is no metadata to stand before it, else behind a copy of that. */
export function placeBytes(message: MessageBytes, body: Uint8Array): void {
  if (message.metadataEnd > message.metadataStart) {
    writeBody(message, body, copyBytes);
    return;
  }
  message.source = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  message.metadataStart = 0;
  message.metadataEnd = 0;
  message.bodyStart = 0;
  message.bodyEnd = body.byteLength;
}

/** Writes text as UTF-8, by the rules of `writeBody`. */
export function writeText(text: string, target: Buffer, at: number): number {
  // Three bytes per UTF-16 unit is the most there can be; only a text near the end of the room is measured.
  if (text.length * 3 > target.length - at) {
    const missing = Buffer.byteLength(text) - (target.length - at);
    if (missing > 0) return -missing;
  }
  return at + target.write(text, at, 'utf8');
}

function copyBytes(body: Uint8Array, target: Buffer, at: number): number {
  const missing = body.length - (target.length - at);
  if (missing > 0) return -missing;
  target.set(body, at);
  return at + body.length;
}

/** Moves the metadata to the front of the scratch buffer; returns where the body begins. */
function placeMetadata(message: MessageBytes): number {
  const length = message.metadataEnd - message.metadataStart;
  if (length > 0) {
    if (length > scratch.length) scratch = Buffer.allocUnsafeSlow(length);
    message.source.copy(scratch, 0, message.metadataStart, message.metadataEnd);
  }
  message.source = scratch;
  message.metadataStart = 0;
  message.metadataEnd = Math.max(0, length);
  return message.metadataEnd;
}

function grown(target: Buffer, used: number, neededBytes: number): Buffer {
  const large = Buffer.allocUnsafeSlow(neededBytes > scratchKeepBytes ? neededBytes : nextPowerOfTwo(neededBytes));
  target.copy(large, 0, 0, used);
  if (large.length <= scratchKeepBytes) scratch = large;
  return large;
}

function nextPowerOfTwo(bytes: number): number {
  return 2 ** Math.ceil(Math.log2(bytes));
}
