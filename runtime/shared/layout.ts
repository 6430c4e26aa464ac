// Every byte of shared memory, drawn once. The algorithms beside this file use these names and no numbers. Word = Int32,
// offsets are in words unless they say bytes. What different threads write lies 128 bytes apart (a cache line and its
// prefetched neighbour).

import { HeddleError } from '../errors.ts';

/** Threads are numbered 1..255; 0 is nobody. */
export const threadNumberMax = 255;

/** 128 bytes, in words. */
const line = 32;

/*
 * Thread board: one for the process. A row of 64 words for each thread number.
 *
 *   0 park │ … 31 │ 32 fate │ 33 cancels │ 34 method │ 35 fiber │ 36-37 since (f64) │ 38.. gauges │ 45 turns │
 *   46 body │ 47 left │ 48-49 seen
 *
 * park     0 awake; else the bits of `wants`; and `looks`   written by the owner, and by ringers, who clear `wants`
 * fate     see `fates`                                      written by main
 * cancels  counts up at each cancel of a request it took    written by askers
 * method, fiber, since, body: what is on its stack now: `index + 1`; 0 nothing yet, below 0 what has left it last
 * turns    counts up at each turn of its event loop         written by the owner
 * left     see `leavings`                                   written by the owner, last
 * seen     when it last put a request of class high, normal, in 256 ms + 1; a hint   written by the owner
 */
export const boardRowWords = 2 * line;
export const boardWords = (threadNumberMax + 1) * boardRowWords;
export const board = {
  park: 0,
  fate: line,
  cancels: line + 1,
  method: line + 2,
  fiber: line + 3,
  /** Float64 at this word (even). */
  since: line + 4,
  /** Fibers on this thread now; written by the owner. */
  fibers: line + 6,
  /** Of them, those of nested calls. */
  nested: line + 11,
  /** Counts up at each request that this thread puts. */
  puts: line + 12,
  /** Requests that this thread asked for and that are not yet answered; written by the owner. */
  asked: line + 7,
  /** Open connections; written by the owner (IO threads). */
  connections: line + 8,
  /** Counts up, mod 2^32: requests that came from sockets and were answered; written by the owner. */
  answered: line + 9,
  /** Of them with an error. */
  failed: line + 10,
  turns: line + 13,
  /** `bodyHash` of the request on the stack. */
  body: line + 14,
  left: line + 15,
  /** Of class high; the word after it: of class normal. */
  seen: line + 16,
} as const;

/** The last words of a thread that ended itself: by process.exit, by a rejection, or by an exception of no fiber. */
export const leavings = { none: 0, exit: 1, rejection: 2, exception: 3 } as const;

/** What a thread number stands for. */
export const fates = { unused: 0, alive: 1, condemned: 2, dead: 3 } as const;

/**
 * What a parked thread waits for: bits of its park word. A thread that can't take a request (its fibers are at their
 * bound, its replies find no room) must not be rung for one: the ring would be lost on it.
 */
export const wants = { completions: 1, requests: 2, nested: 4, calls: 8 } as const;

/**
 * A bit of the park word: the thread has room for requests and runs only what does not take long. While it is awake with
 * this bit, rung threads included, nobody need be woken for what is put into its queue: it looks there again soon, and
 * before it parks or gives the bit up, which it does before it runs anything that may take long.
 */
export const looksBit = 16;

/*
 * Run queue: one for a pool, a SharedArrayBuffer of `laneCount` lanes. Each lane:
 *
 *   0 head │ 1 mixed until │ … 31 │ 32 tail │ 34-35 latest (f64) │ … 63 │ slot 0 │ slot 1 │ …
 *
 * mixed until  up to this position deadlines are out of order     stored by askers; a hint
 * latest       the latest deadline that was put, ms               written by askers, without order among them; a hint
 *
 * Slot: 32 words of record, then inline bytes.
 */
export const laneCount = 4;
/** Lanes 0..2 are the priority classes; 3 is for calls made by fibers of this process. */
export const nestedLane = 3;
export const lane = {
  head: 0,
  mixedUntil: 1,
  tail: line,
  /** Float64 at this word (even). */
  latest: line + 2,
  slots: 2 * line,
} as const;
export const slotInlineBytes = 256;
export const slotRecordWords = line;
export const slotWords = slotRecordWords + slotInlineBytes / 4;

/** Word offsets in a slot. A void record (its writer died) has asker 0. */
export const slot = {
  /** lap (`lapBits`) | phase 2 | owner 8 */
  state: 0,
  asker: 1,
  request: 2,
  generation: 3,
  /** u16 method index */
  method: 4,
  /** flags 8 | priority 8 | codec 8 | compression 8 */
  kind: 5,
  /** attempt 16 | depth 16 */
  attempt: 6,
  traceFlags: 7,
  /** Float64, ms; Infinity: none */
  deadline: 8,
  /** Float64, ms: when it was put */
  putAt: 10,
  callIdHigh: 12,
  callIdLow: 13,
  fingerprintHigh: 14,
  fingerprintLow: 15,
  /** six words */
  trace: 16,
  metadataBytes: 22,
  bodyBytes: 23,
  /** Block of the asker's arena, or -1: the bytes are inline */
  block: 24,
  blockGeneration: 25,
  /** Bytes before the metadata that name the callee's method, for outgoing calls; else 0 */
  nameBytes: 26,
} as const;

/** Phases of a slot; see run-queue.ts for who moves them. */
export const phases = { free: 0, writing: 1, ready: 2, reading: 3 } as const;
export const ownerBits = 8;
export const phaseShift = ownerBits;
export const lapShift = ownerBits + 2;
/** A slot's lap counts in at most 22 bits; a position has 32, of which `log2(capacity)` name the slot. */
export const lapBitsMax = 32 - lapShift;

/** Words of one lane. */
export function laneWords(capacity: number): number {
  return lane.slots + capacity * slotWords;
}

/** Bytes of a run queue. */
export function runQueueBytes(capacity: number): number {
  checkPowerOfTwo('run queue capacity', capacity, 1, 65_536);
  return laneWords(capacity) * laneCount * 4;
}

/*
 * Request table: one for each asker; a word for each request in flight.
 *
 *   generation 22 │ state 2 │ thread 8
 */
export const requestStates = { free: 0, queued: 1, taken: 2 } as const;
export const generationShift = 10;
export const generationMask = (1 << 22) - 1;
export const requestStateShift = 8;

/*
 * Completion ring: one for each (answerer, asker). Control words, then data.
 *
 *   0 head (reader) │ 32 tail (writer) │ 64 writer waits │ 96 written (writer) │ 128 data …
 *
 * `tail` is where the reader reads to; `written`, at or past it, where it may once the writer is given up or dead.
 * Positions are free-running byte counts. A frame is contiguous and 8-aligned; where it does not fit before the end of
 * the data, a pad marker fills the rest. A frame takes at most half the data, so pad + frame always fit an empty ring.
 */
export const ring = { head: 0, tail: line, writerWaits: 2 * line, written: 3 * line, data: 4 * line } as const;
export const ringPad = -1;
/** Word offsets in a frame; `length` counts the whole frame in bytes, 8-aligned. */
export const ringFrame = {
  length: 0,
  request: 1,
  generation: 2,
  /** code 8 | retry 8 | codec 8 | compression 8 */
  kind: 3,
  retryAfterMs: 4,
  fingerprintHigh: 5,
  fingerprintLow: 6,
  metadataBytes: 7,
  bodyBytes: 8,
  /** 0: the bytes follow. Else the number of the side-port message that carries them. */
  side: 9,
} as const;
export const ringFrameHeadBytes = 40;

/** Bytes of a completion ring with `dataBytes` of data. */
export function completionRingBytes(dataBytes: number): number {
  checkPowerOfTwo('completion ring bytes', dataBytes, 256, 1 << 30);
  return ring.data * 4 + dataBytes;
}

/*
 * Arena: one for each asker. Words `generation 31 | busy 1`, one for each smallest block, then the blocks.
 * A block of 2^k smallest blocks uses the word of its first.
 */
export const arenaBlockBytes = 1024;

/** Bytes of an arena that holds `dataBytes`. */
export function arenaBytes(dataBytes: number): number {
  checkPowerOfTwo('arena bytes', dataBytes, arenaBlockBytes, 2 ** 31);
  return (dataBytes / arenaBlockBytes) * 4 + dataBytes;
}

export function checkPowerOfTwo(what: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max || 2 ** Math.round(Math.log2(value)) !== value) {
    throw new HeddleError('INVALID_ARGUMENT', `${what} must be a power of two from ${min} to ${max}, not ${value}`);
  }
}
