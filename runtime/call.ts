// The shapes that cross between layers: the head of a call, its reply, and who receives it. The same shapes serve a
// request that came from a socket, a nested call, an offloaded function and an outgoing call.

/** Priority classes, highest first; the number is the one on the wire and the index of the queue's lane. */
export const priorities = { high: 0, normal: 1, low: 2 } as const;
/** Priority class of a call. A waiting `high` goes before `normal`, and that before `low`. */
export type Priority = keyof typeof priorities;
export const priorityNames = ['high', 'normal', 'low'] as const satisfies readonly Priority[];

/**
 * Codec ids on the wire: Heddle's own. 4..15 are reserved, 16..254 are for plugins (`runtime/plugins/codec.ts`). A reply
 * names its own codec.
 */
export const codecIds = { bytes: 0, json: 1, avro: 2, flatbuffers: 3, v8: 255 } as const;
/** Codecs that Heddle brings. */
export type BuiltInCodec = Exclude<keyof typeof codecIds, 'v8'>;
/** A built-in codec, or the name of one that a plugin adds. */
export type CodecName = BuiltInCodec | (string & {});

/** Bits of `CallHead.flags`. */
export const callFlags = {
  /** No reply is wanted; errors are only counted. */
  oneWay: 1,
  /** The caller says that running it twice is harmless. */
  idempotent: 2,
} as const;

/**
 * The head of one call. One object per parser or queue end, overwritten by the next call: copy what you keep.
 * Views (`source` + offsets) are valid only until the function that was given them returns.
 */
export interface CallHead {
  /** Bits of `callFlags`. */
  flags: number;
  /** 0..2, see `priorities`. */
  priority: number;
  /** See `codecIds` and `runtime/plugins/codec.ts`. */
  codec: number;
  /** See `compression-byte.ts`: how the body is compressed, and which compression the caller takes in the reply. */
  compression: number;
  /** 1 for the first try, up by one with each retry. */
  attempt: number;
  /** How many calls of this process lie above this one; 0 for one that came from outside. */
  depth: number;
  /** Absolute, ms on the process's clock (`Clock.nowMs`); Infinity: none. */
  deadlineMs: number;
  /** 64-bit call id, the same over all attempts, as two unsigned 32-bit halves; 0,0: none. */
  callIdHigh: number;
  callIdLow: number;
  /** Fingerprint of the writer's schema, two unsigned 32-bit halves; 0,0: none. */
  fingerprintHigh: number;
  fingerprintLow: number;
  /** W3C trace context: 16-byte trace id and 8-byte parent span id as unsigned 32-bit words; all 0: none. */
  trace: Uint32Array; // length 6
  /** W3C trace flags. */
  traceFlags: number;
  /** Where metadata and body lie. Metadata is in the form of `runtime/metadata.ts`. */
  source: Buffer;
  metadataStart: number;
  metadataEnd: number;
  bodyStart: number;
  bodyEnd: number;
  /** The connection that it came by; undefined: none, or one that nobody counts for. */
  sender?: CallSender | undefined;
}

/** One connection, for who counts what it has under way. */
export interface CallSender {
  /** One-way requests that were handed on and have not ended: the connection itself has its answer long before. */
  oneWay: number;
}

/** A head with everything at its default, for a parser or a queue end to fill again and again. */
export function emptyCallHead(): CallHead {
  return {
    flags: 0,
    priority: priorities.normal,
    codec: 0,
    compression: 0,
    attempt: 1,
    depth: 0,
    deadlineMs: Number.POSITIVE_INFINITY,
    callIdHigh: 0,
    callIdLow: 0,
    fingerprintHigh: 0,
    fingerprintLow: 0,
    trace: new Uint32Array(6),
    traceFlags: 0,
    source: noBytes,
    metadataStart: 0,
    metadataEnd: 0,
    bodyStart: 0,
    bodyEnd: 0,
    sender: undefined,
  };
}

/** A Buffer of length 0, for a head or a reply without metadata or body. */
export const noBytes: Buffer = Buffer.alloc(0);

/**
 * One reply. Overwritten by the next: copy what you keep. `code` 0 is success and the body is the answer; else the
 * body is the error's sentence in UTF-8.
 */
export interface CallReply {
  /** 0, or an error code's number (`codeNumber`). */
  code: number;
  /** Index into `retryHints`; meaningful when code is not 0. */
  retry: number;
  retryAfterMs: number;
  codec: number;
  /** How the body is compressed: a compressor's id; 0: not. */
  compression: number;
  fingerprintHigh: number;
  fingerprintLow: number;
  source: Buffer;
  metadataStart: number;
  metadataEnd: number;
  bodyStart: number;
  bodyEnd: number;
}

/** A success without metadata and body, to fill again and again. */
export function emptyCallReply(): CallReply {
  return {
    code: 0,
    retry: 0,
    retryAfterMs: 0,
    codec: 0,
    compression: 0,
    fingerprintHigh: 0,
    fingerprintLow: 0,
    source: noBytes,
    metadataStart: 0,
    metadataEnd: 0,
    bodyStart: 0,
    bodyEnd: 0,
  };
}

/** Who receives replies. `tag` is the number that was given with the call; each tag gets exactly one reply. */
export interface ReplySink {
  /** `reply` and its views are valid only during this call. Must not throw. */
  onReply(tag: number, reply: CallReply): void;
}

/** Who carries calls: the queues to this process's pools, an IO thread's connections, or a stand-alone client's. */
export interface CallCarrier {
  /**
   * Takes one call. `head` and its views are copied before this returns. The reply, also every refusal, comes once
   * through `sink.onReply(tag, …)`; a refusal may come before this returns. Returns a handle for `cancel`, or -1 when it
   * was already answered. A one-way call (`callFlags.oneWay`) gets one empty reply when it has been handed on.
   */
  call(service: string, method: string, head: CallHead, sink: ReplySink, tag: number): number;
  /**
   * The answer is no longer wanted: none comes. At most once per handle, and only before its reply; what comes later meets
   * nobody, as handles are not used again, and is passed over.
   */
  cancel(handle: number): void;
}
