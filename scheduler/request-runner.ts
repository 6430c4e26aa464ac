// RequestRunner: runs requests as fibers on one thread: a CPU thread's whole work, and an IO thread's for pool `io`. It
// takes one request, starts its fiber, and only then takes the next.

import type { MessagePort } from 'node:worker_threads';
import { bodyHash } from '../runtime/body-hash.ts';
import { type CallHead, type CallReply, emptyCallReply, type ReplySink } from '../runtime/call.ts';
import type { Clock } from '../runtime/clock.ts';
import { codeNumber, HeddleError } from '../runtime/errors.ts';
import { Fiber } from '../runtime/fiber/fiber.ts';
import type { FiberHost, HostedFiber, TurnTarget } from '../runtime/fiber/host.ts';
import type { JobRun } from '../runtime/jobs.ts';
import type { LiveBounds, LiveSettings } from '../runtime/live-settings.ts';
import { ThreadMetrics } from '../runtime/metrics/thread-metrics.ts';
import { board as boardWord } from '../runtime/shared/layout.ts';
import type { ThreadMetricMemory } from '../runtime/shared/metric-memory.ts';
import type { TakenRequest } from '../runtime/shared/taker.ts';
import type { MethodRow, QuarantinedBody, ThreadInit } from '../runtime/thread-control.ts';
import { ThreadEndpoint, type ThreadWork } from '../runtime/thread-endpoint.ts';
import type { HostedThread, Processor, RunnerHost, ThreadExtension } from './host-module.ts';
import { QuarantinedBodies } from './quarantined-bodies.ts';
import { QuickVisits } from './quick-visits.ts';
import { type FailedReply, failReply } from './reply-form.ts';
import { cutOff, nestedFull, unwanted } from './request-errors.ts';
import { writeReply } from './request-reply.ts';
import { RunTimes } from './run-times.ts';
import { type RunnerBounds, turnBounds } from './runner-bounds.ts';
import { graceTag, RunningRequest } from './running-request.ts';
import { startBody } from './start-body.ts';
import { answerAdmin } from './thread-answers.ts';

/** The method index of offloaded functions, which are in no contract; contracts' methods count from 1. */
export const taskMethod = 0;

export class RequestRunner implements ThreadWork, HostedThread {
  readonly endpoint: ThreadEndpoint;
  readonly number: number;
  bounds: RunnerBounds;
  readonly #clock: Clock;
  /** The queue that it takes requests from. */
  readonly #queue: string;
  readonly #metrics: ThreadMetricMemory | undefined;
  readonly #running: RunningRequest[] = [];
  readonly #reply = emptyCallReply();
  readonly #turnTargets: TurnTarget[] = [];
  #extension: ThreadExtension | undefined;
  #host: RunnerHost | undefined;
  #fiberHost: FiberHost | undefined;
  /** By method index. */
  readonly #processors: (Processor | undefined)[] = [];
  readonly #names: string[] = [];
  readonly #runTimes: RunTimes;
  readonly #visits: QuickVisits;
  #regular = 0;
  #nested = 0;
  #onStack = false;
  #retiring = false;
  /** Main has told the thread to end. */
  #ending = false;
  #retired = false;
  #quarantine: QuarantinedBodies | undefined;
  #turnStartMs = 0;
  #turnRequests = 0;
  #turnBodyBytes = 0;
  readonly #takeNext = (): void => {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#turnStartMs < turnBounds.ms) this.#takeOne(nowMs);
  };
  /**
   * The microtasks of a fiber's turn are over once a tick that was asked for within them comes; what runs on the thread
   * from then on are timers and events of anybody, and must not be laid at its door.
   */
  readonly #whenDrained = (): void => process.nextTick(this.#leaveStack);
  readonly #leaveStack = (): void => {
    this.#onStack = false;
    const nowMs = this.#clock.nowMs();
    this.#visits.leave(nowMs);
    this.endpoint.board.leaveRunning(this.number, nowMs);
    this.endpoint.left(nowMs);
  };
  readonly #onStopped: () => void;

  /** `processorWaitMs`: how long the thread has waited for a processor so far. */
  constructor(
    init: ThreadInit,
    bounds: RunnerBounds,
    control: MessagePort,
    clock: Clock,
    onStopped: () => void,
    processorWaitMs: () => number,
  ) {
    this.number = init.number;
    this.bounds = bounds;
    this.#queue = init.takes[0] ?? bounds.pool;
    this.#runTimes = new RunTimes(this.#queue, init.number);
    this.#clock = clock;
    this.#metrics = init.metrics;
    this.#onStopped = onStopped;
    this.endpoint = new ThreadEndpoint(init, control, clock, this);
    const { ringTime } = this.endpoint;
    this.#visits = new QuickVisits(() => processorWaitMs() + ringTime.ms);
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
      strategies: host.strategies,
      gates: host.gates,
      metrics: this.#metrics && new ThreadMetrics(this.#metrics, this.number, this.#clock, host.log),
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
    if (this.endpoint.answerer.isFull || this.#retiring || this.#ending) return false;
    return this.#regular < this.bounds.maxFibers;
  }

  get takesNested(): boolean {
    if (this.endpoint.answerer.isFull || this.#retiring || this.#ending) return false;
    return this.#nested < this.bounds.maxNested || this.#allNestedFull();
  }

  turn(): boolean {
    if (this.#retiring) this.#lookRetired();
    let did = this.#extension?.turn() ?? false;
    if (this.#turnTargets.length > 0) {
      did = true;
      for (const target of this.#turnTargets.splice(0)) target.onTurn();
    }
    const nowMs = this.#clock.nowMs();
    this.#turnStartMs = nowMs;
    this.#turnRequests = 0;
    this.#turnBodyBytes = 0;
    return this.#takeOne(nowMs) || did;
  }

  /**
   * Takes one request and starts its fiber; the next one is taken in a microtask of its own, behind those in which this
   * one's answer may come: so no answer waits for the next handler.
   */
  #takeOne(nowMs: number): boolean {
    const taken = this.endpoint.taker?.take(this.takesRegular, this.takesNested);
    if (taken === undefined) return false;
    this.#turnRequests++;
    this.#turnBodyBytes += taken.head.bodyEnd - taken.head.bodyStart;
    this.#run(taken, nowMs);
    if (this.#turnRequests < turnBounds.requests && this.#turnBodyBytes < turnBounds.bodyBytes) {
      queueMicrotask(this.#takeNext);
    }
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
  runLocal(request: RunningRequest, head: CallHead, nowMs: number): void {
    this.#start(request, request.processor, head, nowMs);
    // As an asker's: the caller gets its answer by the deadline, whatever the handler does.
    const { deadlineMs, sink } = request;
    if (sink === undefined || deadlineMs === Number.POSITIVE_INFINITY) return;
    request.deadlineEntry = this.endpoint.timers.add(deadlineMs, request, 0);
  }

  /** The asker no longer wants a local request: its fiber stops, no reply comes. */
  cancelLocal(request: RunningRequest): void {
    if (request.sink === undefined) return;
    this.endpoint.asker.countCancelled(request.method, true);
    this.#endLocal(request);
    this.#leave(request, unwanted(request, this.#clock.nowMs()));
  }

  /** The process ends: requests of this very thread that have no answer yet get one. */
  endLocal(): void {
    for (const request of [...this.#running]) if (request.link === undefined) this.#refuse(request, cutOff());
  }

  late(request: RunningRequest): void {
    this.#refuse(request, new HeddleError('DEADLINE_EXCEEDED', `${request.name}: its deadline passed`));
  }

  onCancels(): void {
    const nowMs = this.#clock.nowMs();
    // A cancelled fiber may end at once and leave the list: walk a copy, only of those that are unwanted.
    const gone = this.#running.filter((request) => !request.isWanted());
    for (const request of gone) this.#leave(request, unwanted(request, nowMs));
    this.#extension?.onCancels();
  }

  onTable(methods: MethodRow[]): void {
    const host = this.#host!;
    for (const row of methods) {
      const name = `${row.service}/${row.method}`;
      this.#names[row.index] = name;
      this.#processors[row.index] = host.processors.get(name);
      this.#runTimes.setRow(row);
    }
    this.#names[taskMethod] = 'task';
    this.#processors[taskMethod] = host.tasks;
    this.#extension?.onTable(methods);
  }

  onDrain(): void {
    this.#extension?.onDrain();
  }

  onQuarantine(bodies: QuarantinedBody[]): void {
    this.#quarantine = bodies.length === 0 ? undefined : new QuarantinedBodies(bodies);
  }

  onLive(live: LiveSettings): void {
    this.#host?.gates?.update(live);
    if (live.bounds !== undefined) this.#setBounds(live.bounds);
    this.#extension?.onLive?.(live);
  }

  #setBounds({ maxRequests, maxPerConnection, pools }: LiveBounds): void {
    this.endpoint.asker.bounds.maxRequests = maxRequests;
    this.endpoint.asker.bounds.maxPerConnection = maxPerConnection;
    const { pool } = this.bounds;
    const own = pools.find(({ name }) => name === pool);
    if (own === undefined) return;
    const { maxFibers, maxNested, cancelGraceMs } = own;
    this.bounds = { pool, maxFibers, maxNested, cancelGraceMs };
    this.#gaugeNested();
    // It may be parked and not want what it has room for now.
    this.endpoint.wake();
  }

  onAdmin(port: MessagePort): void {
    answerAdmin(port, this.#running, this.#clock, this.#extension);
  }

  onStrategies(message: unknown): void {
    this.#host?.strategies?.onMessage(message);
  }

  onJob(run: JobRun): void {
    this.#extension?.onJob?.(run);
  }

  onRetire(): void {
    this.#retiring = true;
    this.#gaugeNested();
    let untilMs = 0;
    for (const { deadlineMs } of this.#running) {
      if (deadlineMs !== Number.POSITIVE_INFINITY && deadlineMs > untilMs) untilMs = deadlineMs;
    }
    this.endpoint.tell({ type: 'leaving', untilMs });
  }

  onStop(): void {
    if (this.#ending) return;
    this.#ending = true;
    const stopping = this.#extension?.onStop();
    const stopped = (): void => {
      this.endpoint.close();
      this.#onStopped();
    };
    const end = (): void => {
      this.endpoint.leave();
      if (stopping === undefined) stopped();
      else void stopping.finally(stopped);
    };
    if (this.#running.length === 0) {
      end();
      return;
    }
    for (const request of [...this.#running]) this.#leave(request, cutOff());
    // One turn, in which their code and their finalizers run as far as they do not wait.
    setImmediate(end);
  }

  // RequestOwner, for RunningRequest.

  entering(request: RunningRequest, fiber: HostedFiber, nowMs: number): void {
    if (!this.#onStack) {
      this.#onStack = true;
      queueMicrotask(this.#whenDrained);
    }
    this.endpoint.board.setRunning(this.number, request.method, fiber.id, request.bodyHash, nowMs);
    const isTrusted = this.#visits.enter(request, request.method, nowMs);
    // What one offloaded function took says nothing of the next.
    this.endpoint.entering(isTrusted && request.method !== taskMethod ? nowMs : undefined);
  }

  stopping(request: RunningRequest): void {
    const { cancelGraceMs } = this.bounds;
    if (cancelGraceMs === 0) return;
    request.graceEntry = this.endpoint.timers.add(this.#clock.nowMs() + cancelGraceMs, request, graceTag);
  }

  overstayed(request: RunningRequest): void {
    this.endpoint.counters.add(this.number, 'overstayed');
    const { cancelGraceMs } = this.bounds;
    const { name, fiber } = request;
    const state = fiber!.state;
    this.#host!.log.warn(
      {
        method: name,
        fiber: fiber!.id,
        state: state.is,
        on: state.is === 'blocked' ? state.on : undefined,
        cancelGraceMs,
      },
      'a handler goes on although nobody waits for it any more: await the fiber, call fiber.check(), or use fiber.signal',
    );
  }

  ended(request: RunningRequest, root: HostedFiber): void {
    const wasFull = !this.takesRegular || !this.takesNested;
    this.#remove(request);
    if (request.graceEntry >= 0) this.endpoint.timers.remove(request.graceEntry);
    this.#runTimes.ended(request, root.exit!);
    if (wasFull) this.endpoint.wake();
    // Cancelled, late or its asker dead: nothing is encoded for nobody. What a stop cuts off its asker answers.
    if (this.#ending || !request.isWanted()) {
      this.endpoint.answerer.dropped++;
      this.endpoint.counters.add(this.number, 'unwanted');
      if (request.observer !== undefined) this.#leave(request, unwanted(request, this.#clock.nowMs()));
      return;
    }
    writeReply(request, root, this.#host!, this.#reply);
    this.#send(request, this.#reply, root.exit!.atMs);
  }

  #run(taken: TakenRequest, nowMs: number): void {
    const { head, method } = taken;
    const link = this.endpoint.links.get(taken.asker);
    // The asker's death was settled between take and here: nobody to answer.
    if (link === undefined) return;
    const request = this.#request(method, head);
    request.link = link;
    request.request = taken.request;
    request.generation = taken.generation;
    // The clock was read before the request was taken: it may have been put since.
    const waitedMs = Math.max(0, nowMs - taken.putAtMs);
    const strategies = this.#host?.strategies;
    if (strategies !== undefined) strategies.onQueueDelay(waitedMs);
    if (request.load !== undefined) request.load.take(waitedMs);
    if (head.depth > 0 && this.#nested >= this.bounds.maxNested) {
      this.#refuse(request, nestedFull(this.bounds.pool, this.bounds.maxNested));
      return;
    }
    this.#start(request, request.processor, head, nowMs);
  }

  #request(method: number, head: CallHead): RunningRequest {
    const processor = this.#processors[method];
    const own = method === taskMethod ? processor?.nameOf?.(head) : undefined;
    const name = own ?? this.#names[method] ?? 'unknown';
    const request = new RunningRequest(this, name, processor?.asyncContext ?? false, head, method);
    request.processor = processor;
    request.load = this.#runTimes.load(method);
    request.observer = this.#host?.observer?.taken(request, head, this.bounds.pool);
    return request;
  }

  #start(request: RunningRequest, processor: Processor | undefined, head: CallHead, nowMs: number): void {
    request.startedMs = nowMs;
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
    const tooLate = this.#runTimes.lateStarts.refusal(request, nowMs);
    if (tooLate !== undefined) {
      this.endpoint.counters.add(this.number, 'not-started');
      this.#refuse(request, tooLate);
      return;
    }
    request.bodyHash = bodyHash(head.source, head.bodyStart, head.bodyEnd);
    const refused = this.#quarantine?.refusal(request, nowMs, this.#clock);
    if (refused !== undefined) {
      this.endpoint.counters.add(this.number, 'quarantined');
      this.#refuse(request, refused);
      return;
    }
    this.#add(request);
    const fiber = new Fiber(this.#fiberHost!, request, nowMs);
    request.fiber = fiber;
    startBody(fiber, head, this.#host!.compression);
  }

  #refuse(request: RunningRequest, error: FailedReply): void {
    failReply(this.#reply, error);
    this.#send(request, this.#reply);
  }

  /** Its asker has its answer without it: the fiber is told to stop, if it runs. */
  #leave(request: RunningRequest, reason: HeddleError): void {
    request.answered(codeNumber(reason.code));
    request.fiber?.cancel(reason);
  }

  /** `atMs`: when it ended, if somebody has looked at the clock. */
  #send(request: RunningRequest, reply: CallReply, atMs?: number): void {
    request.answered(reply.code);
    if (request.link !== undefined) {
      this.endpoint.answerer.reply(request.link.peer, request.request, request.generation, reply);
    } else if (request.sink !== undefined) {
      const { sink } = request;
      this.#endLocal(request);
      this.#host!.onLocalReply(request.method, (atMs ?? this.#clock.nowMs()) - request.startedMs, reply.code);
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
    this.#gaugeFibers();
    if (request.depth === 0) {
      this.#regular++;
      return;
    }
    this.#nested++;
    this.#gaugeNested();
  }

  #remove(request: RunningRequest): void {
    const last = this.#running.pop()!;
    if (last !== request) {
      this.#running[request.place] = last;
      last.place = request.place;
    }
    this.#gaugeFibers();
    if (request.depth === 0) {
      this.#regular--;
      return;
    }
    this.#nested--;
    this.#gaugeNested();
  }

  #gaugeFibers(): void {
    this.endpoint.board.setGauge(this.number, boardWord.fibers, this.#running.length);
  }

  #gaugeNested(): void {
    // One that retires takes no nested call: the others must not count on it.
    this.endpoint.board.setGauge(this.number, boardWord.nested, this.#retiring ? this.bounds.maxNested : this.#nested);
  }

  /** Nothing runs here, nothing is asked for, every reply has left: the thread may end and nobody notices. */
  #lookRetired(): void {
    const { asker, answerer } = this.endpoint;
    if (this.#retired || this.#running.length > 0 || asker.inFlight > 0 || answerer.held > 0) return;
    this.#retired = true;
    answerer.flush();
    this.endpoint.tell({ type: 'retired' });
  }

  /** No thread of the pool has a nested fiber left: whoever takes a nested call must refuse it, or all wait for ever. */
  #allNestedFull(): boolean {
    const { pools, board } = this.endpoint;
    for (const member of pools.get(this.#queue)?.members ?? []) {
      if (board.gauge(member, boardWord.nested) < this.bounds.maxNested) return false;
    }
    return true;
  }
}
