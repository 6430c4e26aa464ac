// RequestRunner: runs requests as fibers on one thread: a CPU thread's whole work, and an IO thread's for pool `io`. It
// takes one request, starts its fiber, and only then takes the next.

import type { MessagePort } from 'node:worker_threads';
import { type CallHead, type CallReply, emptyCallReply, type ReplySink } from '../runtime/call.ts';
import type { Clock } from '../runtime/clock.ts';
import { codeNumber, HeddleError, retryHints } from '../runtime/errors.ts';
import { Fiber } from '../runtime/fiber/fiber.ts';
import type { FiberHost, HostedFiber, TurnTarget } from '../runtime/fiber/host.ts';
import { encodeMetadata } from '../runtime/metadata.ts';
import { board as boardWord } from '../runtime/shared/layout.ts';
import type { TakenRequest } from '../runtime/shared/taker.ts';
import type { MethodRow, ThreadInit } from '../runtime/thread-control.ts';
import { ThreadEndpoint, type ThreadWork } from '../runtime/thread-endpoint.ts';
import type { HostedThread, Processor, RunnerHost, ThreadExtension } from './host-module.ts';
import { RunningRequest } from './running-request.ts';

/** A turn ends after this many requests, bytes of bodies or milliseconds: then replies go out and the loop goes round. */
export const turnBounds = { requests: 32, bodyBytes: 65_536, ms: 0.2 } as const;
/** Sentences of errors are cut here, bytes: they travel in every hop. */
const messageMaxBytes = 4096;
/** The method index of offloaded functions, which are in no contract; contracts' methods count from 1. */
export const taskMethod = 0;

export interface RunnerBounds {
  pool: string;
  /** Fibers at once on this thread; nested ones beyond that. */
  maxFibers: number;
  maxNested: number;
}

export class RequestRunner implements ThreadWork, HostedThread {
  readonly endpoint: ThreadEndpoint;
  readonly number: number;
  readonly bounds: RunnerBounds;
  readonly #clock: Clock;
  readonly #running: RunningRequest[] = [];
  readonly #reply = emptyCallReply();
  readonly #turnTargets: TurnTarget[] = [];
  #extension: ThreadExtension | undefined;
  #host: RunnerHost | undefined;
  #fiberHost: FiberHost | undefined;
  /** By method index. */
  readonly #processors: (Processor | undefined)[] = [];
  readonly #names: string[] = [];
  #regular = 0;
  #nested = 0;
  #onStack = false;
  #turnStartMs = 0;
  #turnRequests = 0;
  #turnBodyBytes = 0;
  readonly #takeNext = (): void => void this.#takeOne();
  readonly #onStopped: () => void;

  constructor(init: ThreadInit, bounds: RunnerBounds, control: MessagePort, clock: Clock, onStopped: () => void) {
    this.number = init.number;
    this.bounds = bounds;
    this.#clock = clock;
    this.#onStopped = onStopped;
    this.endpoint = new ThreadEndpoint(init, control, clock, this);
  }

  /** Called once, before the thread says `ready`. */
  host(host: RunnerHost, extension?: ThreadExtension): void {
    this.#host = host;
    this.#extension = extension;
    this.#fiberHost = {
      clock: this.#clock,
      timers: this.endpoint.timers,
      log: host.log,
      pool: this.bounds.pool,
      calls: host.calls,
      nextTurn: (target) => {
        this.#turnTargets.push(target);
        this.endpoint.wake();
      },
    };
  }

  /** Fibers on this thread now. */
  get fibers(): number {
    return this.#running.length;
  }

  get takesRegular(): boolean {
    return this.#regular < this.bounds.maxFibers && !this.endpoint.answerer.isFull;
  }

  get takesNested(): boolean {
    if (this.endpoint.answerer.isFull) return false;
    return this.#nested < this.bounds.maxNested || this.#allNestedFull();
  }

  turn(): boolean {
    if (this.#onStack) {
      this.#onStack = false;
      this.endpoint.board.setRunning(this.number, -1, 0, 0);
    }
    let did = this.#extension?.turn() ?? false;
    if (this.#turnTargets.length > 0) {
      did = true;
      for (const target of this.#turnTargets.splice(0)) target.onTurn();
    }
    this.#turnStartMs = this.#clock.nowMs();
    this.#turnRequests = 0;
    this.#turnBodyBytes = 0;
    return this.#takeOne() || did;
  }

  /**
   * Takes one request and starts its fiber; the next one is taken in a microtask of its own, behind those in which this
   * one's answer may come: so no answer waits for the next handler.
   */
  #takeOne(): boolean {
    const taken = this.endpoint.taker?.take(this.takesRegular, this.takesNested);
    if (taken === undefined) return false;
    this.#turnRequests++;
    this.#turnBodyBytes += taken.head.bodyEnd - taken.head.bodyStart;
    this.#run(taken);
    if (this.#turnRequests >= turnBounds.requests || this.#turnBodyBytes >= turnBounds.bodyBytes) return true;
    if (this.#clock.nowMs() - this.#turnStartMs < turnBounds.ms) queueMicrotask(this.#takeNext);
    return true;
  }

  /**
   * A request of this very thread (pool `io`), for `runLocal`. `head.source` must be memory that the handler may keep.
   * Only while `takesRegular`.
   */
  localRequest(method: number, head: CallHead, sink: ReplySink, tag: number): RunningRequest {
    const request = this.#request(method, head);
    request.sink = sink;
    request.tag = tag;
    return request;
  }

  /** Runs it without a queue; its answer may come before this returns. */
  runLocal(request: RunningRequest, head: CallHead): void {
    request.startedMs = this.#clock.nowMs();
    this.#start(request, request.processor, head);
    // As an asker's: the caller gets its answer by the deadline, whatever the handler does.
    const { deadlineMs, sink } = request;
    if (sink === undefined || deadlineMs === Number.POSITIVE_INFINITY) return;
    request.deadlineEntry = this.endpoint.timers.add(deadlineMs, request, 0);
  }

  /** The asker no longer wants a local request: its fiber stops, no reply comes. */
  cancelLocal(request: RunningRequest): void {
    this.#endLocal(request);
    request.fiber?.cancel(unwanted(request, this.#clock.nowMs()));
  }

  /** The process ends: requests of this very thread that have no answer yet get one. */
  endLocal(): void {
    const error = new HeddleError('UNAVAILABLE', 'the process stopped before this request was finished (stop.timeout)');
    for (const request of [...this.#running]) if (request.link === undefined) this.#refuse(request, error);
  }

  late(request: RunningRequest): void {
    this.#refuse(request, new HeddleError('DEADLINE_EXCEEDED', `${request.name}: its deadline passed`));
  }

  onCancels(): void {
    const nowMs = this.#clock.nowMs();
    // A cancelled fiber may end at once and leave the list: walk a copy, only of those that are unwanted.
    const gone = this.#running.filter((request) => !request.isWanted());
    for (const request of gone) request.fiber?.cancel(unwanted(request, nowMs));
    this.#extension?.onCancels();
  }

  onGo(methods: MethodRow[]): void {
    const host = this.#host!;
    for (const row of methods) {
      const name = `${row.service}/${row.method}`;
      this.#names[row.index] = name;
      this.#processors[row.index] = host.processors.get(name);
    }
    this.#names[taskMethod] = 'task';
    this.#processors[taskMethod] = host.tasks;
    this.#extension?.onGo(methods);
  }

  onDrain(): void {
    this.#extension?.onDrain();
  }

  onStop(): void {
    this.#extension?.onStop();
    this.endpoint.close();
    this.#onStopped();
  }

  // RequestOwner, for RunningRequest.

  entering(request: RunningRequest, fiber: HostedFiber): void {
    this.#onStack = true;
    this.endpoint.board.setRunning(this.number, request.method, fiber.id, this.#clock.nowMs());
    this.endpoint.entering();
  }

  ended(request: RunningRequest, root: HostedFiber): void {
    const wasFull = !this.takesRegular || !this.takesNested;
    this.#remove(request);
    if (wasFull) this.endpoint.wake();
    // Cancelled, late or its asker dead: nothing is encoded for nobody.
    if (!request.isWanted()) {
      this.endpoint.answerer.dropped++;
      return;
    }
    const { form } = request;
    const exit = root.exit!;
    const reply = this.#reply;
    if (exit.how === 'returned' && request.oneWay) {
      this.#clear(reply);
    } else if (exit.how === 'returned' && form !== undefined) {
      this.#clear(reply);
      try {
        form.encode(exit.value, reply);
      } catch (reason) {
        this.#fail(reply, this.#report(request, HeddleError.from(reason)));
      }
    } else {
      this.#fail(reply, this.#report(request, exit.how === 'returned' ? noForm : exit.error));
    }
    const metadata = root.replyMetadataIfAny;
    if (metadata !== undefined && metadata.size > 0) this.#addMetadata(request, reply, metadata);
    this.#send(request, reply);
  }

  #run(taken: TakenRequest): void {
    const { head, method } = taken;
    const link = this.endpoint.links.get(taken.asker);
    // The asker's death was settled between take and here: nobody to answer.
    if (link === undefined) return;
    const request = this.#request(method, head);
    request.link = link;
    request.request = taken.request;
    request.generation = taken.generation;
    if (head.depth > 0 && this.#nested >= this.bounds.maxNested) {
      const { pool, maxNested } = this.bounds;
      this.#refuse(
        request,
        new HeddleError(
          'RESOURCE_EXHAUSTED',
          `pool ${pool} runs ${maxNested} nested calls on each of its threads (maxNested): calls wait for each other in a circle, or the bound is too small`,
        ),
      );
      return;
    }
    this.#start(request, request.processor, head);
  }

  #request(method: number, head: CallHead): RunningRequest {
    const processor = this.#processors[method];
    const name = this.#names[method] ?? 'unknown';
    const request = new RunningRequest(this, name, processor?.asyncContext ?? false, head, method);
    request.processor = processor;
    return request;
  }

  #start(request: RunningRequest, processor: Processor | undefined, head: CallHead): void {
    const nowMs = this.#clock.nowMs();
    if (processor === undefined) {
      this.#refuse(
        request,
        new HeddleError('UNIMPLEMENTED', `this thread serves no method of index ${request.method}`),
      );
      return;
    }
    if (!(head.deadlineMs > nowMs)) {
      this.#refuse(request, new HeddleError('DEADLINE_EXCEEDED', 'the deadline passed in the queue; it has not run'));
      return;
    }
    this.#add(request);
    const fiber = new Fiber(this.#fiberHost!, request, nowMs);
    request.fiber = fiber;
    currentHead = head;
    fiber.start(runRequest);
  }

  #refuse(request: RunningRequest, error: HeddleError): void {
    this.#fail(this.#reply, error);
    this.#send(request, this.#reply);
  }

  #send(request: RunningRequest, reply: CallReply): void {
    if (request.link !== undefined) {
      this.endpoint.answerer.reply(request.link.peer, request.request, request.generation, reply);
    } else if (request.sink !== undefined) {
      const { sink } = request;
      this.#endLocal(request);
      this.#host!.onLocalReply(this.#clock.nowMs() - request.startedMs, reply.code);
      sink.onReply(request.tag, reply);
    }
  }

  #endLocal(request: RunningRequest): void {
    if (request.sink === undefined) return;
    request.sink = undefined;
    if (request.deadlineEntry >= 0) this.endpoint.timers.remove(request.deadlineEntry);
    request.deadlineEntry = -1;
    request.local?.localEnded(request);
  }

  #add(request: RunningRequest): void {
    request.place = this.#running.length;
    this.#running.push(request);
    if (request.depth > 0) this.#nested++;
    else this.#regular++;
    this.#gauge();
  }

  #remove(request: RunningRequest): void {
    const last = this.#running.pop()!;
    if (last !== request) {
      this.#running[request.place] = last;
      last.place = request.place;
    }
    if (request.depth > 0) this.#nested--;
    else this.#regular--;
    this.#gauge();
  }

  #gauge(): void {
    this.endpoint.board.setGauge(this.number, boardWord.fibers, this.#running.length);
    this.endpoint.board.setGauge(this.number, boardWord.nested, this.#nested);
  }

  /** No thread of the pool has a nested fiber left: whoever takes a nested call must refuse it, or all wait for ever. */
  #allNestedFull(): boolean {
    const { pools, board } = this.endpoint;
    for (const member of pools.get(this.bounds.pool)?.members ?? []) {
      if (board.gauge(member, boardWord.nested) < this.bounds.maxNested) return false;
    }
    return true;
  }

  /** Errors that nobody chose are the operator's to see; chosen ones are answers. */
  #report(request: RunningRequest, error: HeddleError): HeddleError {
    if (error.cause !== undefined && (error.code === 'INTERNAL' || error.code === 'UNKNOWN')) {
      this.#host!.log.error({ method: request.name, err: error.cause }, error.message);
    }
    return error;
  }

  #clear(reply: CallReply): void {
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

  #fail(reply: CallReply, error: HeddleError): void {
    this.#clear(reply);
    reply.code = codeNumber(error.code);
    reply.retry = retryHints.indexOf(error.retry);
    reply.retryAfterMs = error.retryAfterMs;
    reply.source = utf8Start(error.message, messageMaxBytes);
    reply.bodyEnd = reply.source.length;
  }

  #addMetadata(request: RunningRequest, reply: CallReply, pairs: ReadonlyMap<string, string>): void {
    let metadata: Buffer;
    try {
      metadata = encodeMetadata(pairs);
    } catch (reason) {
      this.#host!.log.error({ method: request.name, err: reason }, 'reply metadata was left out');
      return;
    }
    const body = reply.source.subarray(reply.bodyStart, reply.bodyEnd);
    reply.source = Buffer.concat([metadata, body]);
    reply.metadataStart = 0;
    reply.metadataEnd = metadata.length;
    reply.bodyStart = metadata.length;
    reply.bodyEnd = reply.source.length;
  }
}

/** The head of the request that is being started; read before `Fiber.start` returns. */
let currentHead: CallHead;

function runRequest(fiber: Fiber): unknown {
  const request = fiber.origin as RunningRequest;
  request.form = request.processor!.form(currentHead);
  return request.form.start(currentHead, fiber);
}

/** The text in UTF-8, cut between characters at `maxBytes`. */
function utf8Start(text: string, maxBytes: number): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxBytes) return bytes;
  let end = maxBytes;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

function unwanted(request: RunningRequest, nowMs: number): HeddleError {
  if (request.deadlineMs <= nowMs) return new HeddleError('DEADLINE_EXCEEDED', `${request.name}: its deadline passed`);
  return new HeddleError('CANCELLED', `${request.name}: the caller no longer wants the answer`);
}

const noForm = new HeddleError('INTERNAL', 'the request ended before it began');
