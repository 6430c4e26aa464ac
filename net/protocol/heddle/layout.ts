// Every byte of the heddle protocol, drawn once. docs/protocol.md says the same in prose for writers of other clients;
// a test holds the two together. Encoder and parser have no offsets of their own. All integers are little-endian.
//
//           0        1         2       3       4               8
//  prefix   | 0xed   | version | type  | flags | length u32    | request id u32 |            12 bytes, every frame
//  REQUEST  12 budget µs u32 | 16 call id u64 | 24 fingerprint u64 | 32 priority | 33 codec | 34 compression
//  ONE_WAY  | 35 attempt | 36 service bytes u8 | 37 method bytes u8 | 38 metadata bytes u16
//           | 40 [trace: id 16, parent span 8, flags 1] service, method, metadata, body to the end
//           | 34: bits 0-3 the compression of this body, bits 4-7 the one that is taken in the reply; 0 none
//  REPLY    12 codec | 13 compression | 14 metadata bytes u16 | 16 fingerprint u64 | 24 metadata, body to the end
//  ERROR    12 code | 13 retry hint | 14 metadata bytes u16 | 16 retry after ms u32 | 20 metadata, message to the end
//  CANCEL   nothing more
//  PING     12 data, 8 bytes; PONG the same
//  GOAWAY   12 code | 13 lowest version | 14 highest version | 15 zero | 16 message to the end

/** First byte of every frame: in no text protocol, and not the 0x16 that begins TLS. */
export const frameMagic = 0xed;
/** The one version spoken here. Prefix and GOAWAY have the same layout in all versions. */
export const protocolVersion = 1;

export const frameTypes = {
  request: 1,
  oneWay: 2,
  reply: 3,
  error: 4,
  cancel: 5,
  ping: 6,
  pong: 7,
  goaway: 8,
  /** Reserved for streams; answered UNIMPLEMENTED, as every type that is not named here. */
  streamOpen: 16,
  streamData: 17,
  streamEnd: 18,
  streamWindow: 19,
} as const;

/** Bits of the flags byte. A bit means something only in the frame types that are named. */
export const frameFlags = {
  /** REQUEST, ONE_WAY: running it twice is harmless. */
  idempotent: 1,
  /** REQUEST, ONE_WAY: a trace block follows the fixed head. */
  trace: 2,
  /** GOAWAY: the last frame; every request that was taken has been answered, any other has not run. */
  final: 1,
  /** REQUEST, ONE_WAY, REPLY: reserved for attachments; answered UNIMPLEMENTED. */
  attachment: 0x80,
} as const;

export const prefix = { magic: 0, version: 1, type: 2, flags: 3, length: 4, requestId: 8, bytes: 12 } as const;

export const requestLayout = {
  budgetUs: 12,
  callIdLow: 16,
  callIdHigh: 20,
  fingerprintLow: 24,
  fingerprintHigh: 28,
  priority: 32,
  codec: 33,
  compression: 34,
  attempt: 35,
  serviceBytes: 36,
  methodBytes: 37,
  metadataBytes: 38,
  bytes: 40,
} as const;

/** Relative to its own start. Ids stand in the order of traceparent's hex digits, so their words are big-endian. */
export const traceLayout = { words: 0, flags: 24, bytes: 25 } as const;

export const replyLayout = {
  codec: 12,
  compression: 13,
  metadataBytes: 14,
  fingerprintLow: 16,
  fingerprintHigh: 20,
  bytes: 24,
} as const;

export const errorLayout = { code: 12, retry: 13, metadataBytes: 14, retryAfterMs: 16, bytes: 20 } as const;

/** PING and PONG: their whole size. */
export const pingLayout = { data: 12, dataBytes: 8, bytes: 20 } as const;

export const goawayLayout = { code: 12, lowestVersion: 13, highestVersion: 14, zero: 15, bytes: 16 } as const;

/** Longest message of an ERROR or GOAWAY, bytes of UTF-8. */
export const messageMaxBytes = 4096;
/** Longest service or method name, bytes of UTF-8: its length is one byte. */
export const nameMaxBytes = 255;
/** Longest remaining budget that can be said, µs (71.6 minutes); a longer one is sent as this, since deadlines only shrink. */
export const budgetMaxUs = 0xffff_ffff;
