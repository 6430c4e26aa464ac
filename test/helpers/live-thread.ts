// A thread of LiveProcess: the shipped ThreadEndpoint on a real Worker. A taker checks each body against its checksum and
// answers as the head asks; an asker carries out its plan and checks each reply. What a request wants travels in its head:
// call id high: tag, low: the asker's life; fingerprint high: bytes of the reply, low: ms that the handler blocks; first
// word of the trace: checksum of the body.

import { isMainThread, type MessagePort, threadId, workerData } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import { type CallReply, emptyCallHead, emptyCallReply } from '../../runtime/call.ts';
import { type Random, seededRandom, systemClock } from '../../runtime/clock.ts';
import { codeNumber } from '../../runtime/errors.ts';
import type { TakenRequest } from '../../runtime/shared/taker.ts';
import type { ThreadInit } from '../../runtime/thread-control.ts';
import { ThreadEndpoint } from '../../runtime/thread-endpoint.ts';
import { EchoWork } from '../../testing/memory/echo-work.ts';

/** What an asker is to do. */
export interface AskerPlan {
  seed: number;
  /** Differs for each thread that ever had a number: a reply to another life is a foreign one. */
  life: number;
  requests: number;
  inFlightMax: number;
  bodyBytesMax: number;
  cancelChance: number;
}

export interface AskerResult {
  replied: number;
  /** By a death, and by a full queue, table or arena. */
  died: number;
  refused: number;
  cancelled: number;
  /** Sentences about what must not be. */
  wrongs: string[];
  blocksLeased: number;
  inFlight: number;
}

export interface LiveData {
  init: ThreadInit;
  control: MessagePort;
  /** Undefined: a taker. */
  plan: AskerPlan | undefined;
}

/** A taker runs user code of its own: a timer fires after `afterMs` and blocks for `forMs`. */
export interface NapMessage {
  type: 'nap';
  afterMs: number;
  forMs: number;
}

/** Both sides of every boundary: inline bytes, block sizes, what a ring's frame holds, the side port. */
const boundaries = [0, 1, 255, 256, 257, 1023, 1024, 1025, 2048, 2049, 32_719, 32_720, 32_721, 65_536, 65_537, 131_073];

export function randomBytes(random: Random, max: number): number {
  if (random() < 0.4) return Math.floor(random() * 200);
  if (random() < 0.7) return Math.min(max, boundaries[Math.floor(random() * boundaries.length)]!);
  return Math.floor(random() * max);
}

/** Bytes to cut bodies from. */
export function noise(random: Random, byteLength: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(byteLength);
  for (let at = 0; at < byteLength; at++) bytes[at] = Math.floor(random() * 256);
  return bytes;
}

export function blockFor(ms: number): void {
  if (ms > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const replyNoiseBytes = 400_000;

/** Starts an endpoint that answers requests as their heads ask. */
export function startTaker(init: ThreadInit, control: MessagePort, random: Random): ThreadEndpoint {
  const source = noise(random, replyNoiseBytes);
  const work = new EchoWork(
    {
      runHandler: (taken) => {
        const { head, asker, request, generation } = taken;
        const reply = answer(taken, source, init.number, random);
        blockFor(head.fingerprintLow);
        // Some fibers await something before they answer.
        if (random() < 0.8) return reply;
        setTimeout(() => {
          endpoint.entering();
          work.finish({ asker, request, generation }, reply);
        }, random() * 3);
        return undefined;
      },
      onStop: () => endpoint.close(),
    },
    { maxFibers: 64, turnRequests: 32, turnMs: 0.2 },
  );
  const endpoint = new ThreadEndpoint(init, control, systemClock, work);
  work.endpoint = endpoint;
  return endpoint;
}

function answer(taken: TakenRequest, source: Buffer, number: number, random: Random): CallReply {
  const { head } = taken;
  const body = head.source.subarray(head.bodyStart, head.bodyEnd);
  const reply = emptyCallReply();
  reply.code = crc32(body) >>> 0 === head.trace[0] ? 0 : codeNumber('DATA_LOSS');
  reply.source = source;
  reply.bodyStart = Math.floor(random() * (replyNoiseBytes - head.fingerprintHigh));
  reply.bodyEnd = reply.bodyStart + head.fingerprintHigh;
  reply.fingerprintHigh = head.callIdHigh;
  reply.fingerprintLow = head.callIdLow;
  reply.retryAfterMs = crc32(source.subarray(reply.bodyStart, reply.bodyEnd)) >>> 0;
  reply.compression = number;
  return reply;
}

/** Carries out a plan; resolves when every request has its answer. */
export async function ask(endpoint: ThreadEndpoint, plan: AskerPlan): Promise<AskerResult> {
  const random = seededRandom(plan.seed);
  const source = noise(random, plan.bodyBytesMax * 2 + 1);
  const result: AskerResult = {
    replied: 0,
    died: 0,
    refused: 0,
    cancelled: 0,
    wrongs: [],
    blocksLeased: 0,
    inFlight: 0,
  };
  const wanted = new Map<number, number>();
  const head = emptyCallHead();
  const route = { pool: endpoint.pools.get('p')!, method: 1, column: 0, maxConcurrency: 0, service: 's' };
  const died = codeNumber('UNAVAILABLE');
  const full = codeNumber('RESOURCE_EXHAUSTED');
  const sink = {
    onReply: (tag: number, reply: CallReply): void => {
      const bytes = wanted.get(tag);
      if (!wanted.delete(tag)) result.wrongs.push(`request ${tag} is answered again, or after its cancel`);
      if (reply.code === died) result.died++;
      else if (reply.code === full) result.refused++;
      else if (reply.code !== 0) result.wrongs.push(`request ${tag} got code ${reply.code}`);
      else {
        result.replied++;
        const body = reply.source.subarray(reply.bodyStart, reply.bodyEnd);
        if (reply.fingerprintHigh !== tag || reply.fingerprintLow !== plan.life) {
          result.wrongs.push(
            `request ${tag} of life ${plan.life} got a reply to ${reply.fingerprintHigh} of life ${reply.fingerprintLow}`,
          );
        }
        if (body.length !== bytes || crc32(body) >>> 0 !== reply.retryAfterMs) {
          result.wrongs.push(`the reply of request ${tag} is damaged`);
        }
      }
    },
  };
  for (let tag = 1; tag <= plan.requests; ) {
    const burst = Math.floor(random() * 8) + 1;
    for (let count = 0; count < burst && tag <= plan.requests && wanted.size < plan.inFlightMax; count++, tag++) {
      const bodyBytes = randomBytes(random, plan.bodyBytesMax);
      head.source = source;
      head.bodyStart = Math.floor(random() * plan.bodyBytesMax);
      head.bodyEnd = head.bodyStart + bodyBytes;
      head.priority = Math.floor(random() * 3);
      head.callIdHigh = tag;
      head.callIdLow = plan.life;
      head.fingerprintHigh = randomBytes(random, plan.bodyBytesMax);
      head.fingerprintLow = random() < 0.02 ? 2 : 0;
      head.trace[0] = crc32(source.subarray(head.bodyStart, head.bodyEnd)) >>> 0;
      wanted.set(tag, head.fingerprintHigh);
      const handle = endpoint.put(route, head, undefined, sink, tag);
      if (handle >= 0 && random() < plan.cancelChance) {
        endpoint.asker.cancel(handle);
        wanted.delete(tag);
        result.cancelled++;
      }
    }
    await new Promise((resolve) => {
      if (random() < 0.2) setTimeout(resolve, random() * 2);
      else setImmediate(resolve);
    });
  }
  while (wanted.size > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  // A cancelled request's block is freed by whoever takes its slot.
  for (let tries = 0; tries < 1000 && endpoint.asker.arena.leased > 0; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  result.blocksLeased = endpoint.asker.arena.leased;
  result.inFlight = endpoint.asker.inFlight;
  return result;
}

function main({ init, control, plan }: LiveData): void {
  const random = seededRandom(init.number * 7919 + threadId);
  control.on('message', (message: NapMessage | { type: string }) => {
    if (message.type === 'nap') {
      const { afterMs, forMs } = message as NapMessage;
      setTimeout(() => {
        taker?.entering();
        blockFor(forMs);
      }, afterMs);
    }
  });
  let taker: ThreadEndpoint | undefined;
  if (plan === undefined) {
    taker = startTaker(init, control, random);
    taker.tell({ type: 'ready', methods: [] });
    return;
  }
  const work = new EchoWork(
    {
      runHandler: () => undefined,
      onGo: () => void ask(endpoint, plan).then((result) => control.postMessage({ type: 'result', result })),
      onStop: () => endpoint.close(),
    },
    { maxFibers: 1, turnRequests: 1, turnMs: 1 },
  );
  const endpoint = new ThreadEndpoint(init, control, systemClock, work);
  work.endpoint = endpoint;
  endpoint.tell({ type: 'ready', methods: [] });
}

if (!isMainThread) main(workerData as LiveData);
