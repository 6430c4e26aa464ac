// ThreadTracing: the spans of one thread, while plugins have installed tracers. A sampled request gets a server span, from
// its take to its answer, in whose name its fiber calls; so does a run of a job. Each of their calls gets a client span,
// which goes along as the callee's parent. Told by the RequestRunner and filteredCalls; what is not sampled costs two
// comparisons.

import type { Clock, Random } from '../../runtime/clock.ts';
import { codeNumber, codeOfNumber, HeddleError } from '../../runtime/errors.ts';
import type { MethodRef } from '../../runtime/fiber/context.ts';
import type { HostedFiber } from '../../runtime/fiber/host.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Span, TracerDefinition } from '../../runtime/plugins/tracer.ts';
import { within } from '../../runtime/plugins/within.ts';
import { parentSpanIdOf, traceIdOf } from '../../runtime/trace.ts';
import type { AnswerObserver, ObservedRequest, RequestObserver } from '../../scheduler/host-module.ts';
import { taskMethod } from '../../scheduler/request-runner.ts';
import { SpanBatch } from './span-batch.ts';

/** How long the last spans of a thread that stops may take to export, ms: its plugins are disposed only then. */
export const flushTimeoutMs = 300;

/** The W3C flag: somebody records this trace. */
const sampledFlag = 1;

export interface TracingThread {
  clock: Clock;
  random: Random;
  log: Logger;
  /** `ranking-2`. */
  threadName: string;
}

/** Undefined: no plugin has added a tracer. */
export function threadTracing(tracers: readonly TracerDefinition[], thread: TracingThread): ThreadTracing | undefined {
  return tracers.length === 0 ? undefined : new ThreadTracing(tracers, thread);
}

export class ThreadTracing implements RequestObserver {
  readonly #thread: TracingThread;
  readonly #batches: readonly SpanBatch[];
  /** Of a hundred requests without a trace, and of a hundred runs of jobs. */
  readonly #percent: number;
  /** From the process's clock to the wall's. */
  #wallOffsetMs: number;

  constructor(tracers: readonly TracerDefinition[], thread: TracingThread) {
    const { clock, log } = thread;
    this.#thread = thread;
    this.#batches = tracers.map((tracer) => new SpanBatch(tracer, clock, log));
    this.#percent = Math.max(...tracers.map(({ percent = 0 }) => percent));
    this.#wallOffsetMs = clock.wallMs() - clock.nowMs();
  }

  /** Undefined: it is not sampled, or an offloaded function, which is part of whoever asked for it. */
  taken(request: ObservedRequest, { attempt }: { readonly attempt: number }, pool: string): ActiveSpan | undefined {
    const { name, method, depth } = request;
    if (method === taskMethod) return depth === 0 ? this.#takenJob(request, pool) : undefined;
    let words = request.traceWords;
    let parentSpanId: string | undefined;
    if (words === undefined) {
      if (depth > 0 || !this.#drawn()) return undefined;
      words = new Uint32Array(6);
      for (let word = 0; word < 4; word++) words[word] = this.#randomWord();
      request.traceWords = words;
      request.traceFlags = sampledFlag;
    } else {
      if ((request.traceFlags & sampledFlag) === 0) return undefined;
      if (words[4] !== 0 || words[5] !== 0) parentSpanId = parentSpanIdOf(words);
    }
    // The request's own copy: what its fiber calls from now on lies in this span.
    this.#nameSpan(words);
    return this.#begin('server', name, words, parentSpanId, {
      ...rpcAttributes(name),
      'heddle.pool': pool,
      'heddle.attempt': attempt,
    });
  }

  /** Main has given it a trace, which begins here. */
  #takenJob(request: ObservedRequest, pool: string): ActiveSpan | undefined {
    const { name, traceWords: words } = request;
    if (words === undefined || !this.#drawn()) return undefined;
    request.traceFlags = sampledFlag;
    this.#nameSpan(words);
    return this.#begin('internal', name, words, undefined, { 'heddle.pool': pool });
  }

  /** Undefined: the fiber is not sampled. */
  beginClient({ service, method }: MethodRef<unknown, unknown>, oneWay: boolean, fiber: HostedFiber) {
    const { traceWords, traceFlags } = fiber.origin;
    if (traceWords === undefined || (traceFlags & sampledFlag) === 0) return undefined;
    const words = traceWords.slice();
    this.#nameSpan(words);
    const name = `${service}/${method}`;
    const attributes: Span['attributes'] = { ...rpcAttributes(name), 'heddle.pool': fiber.pool };
    if (oneWay) attributes['heddle.one_way'] = true;
    return this.#begin('client', name, words, parentSpanIdOf(traceWords), attributes);
  }

  /** The thread stops: exports what is there, within `flushTimeoutMs`. Never rejects. */
  async close(): Promise<void> {
    const { clock, log } = this.#thread;
    const late = () => new HeddleError('DEADLINE_EXCEEDED', `they were not exported within ${flushTimeoutMs} ms`);
    try {
      await within(flushTimeoutMs, clock, () => this.#flush(), late);
    } catch (reason) {
      log.warn({ err: reason }, 'the last spans of the thread are lost');
    }
  }

  async #flush(): Promise<void> {
    // The stop cuts off what still runs, whose spans end by that: they go out too.
    await new Promise(setImmediate);
    await Promise.all(this.#batches.map((batch) => batch.flush()));
  }

  #begin(
    kind: Span['kind'],
    name: string,
    words: Uint32Array,
    parentSpanId: string | undefined,
    own: Span['attributes'],
  ): ActiveSpan {
    const { clock, threadName } = this.#thread;
    const span: Span = {
      traceId: traceIdOf(words),
      spanId: parentSpanIdOf(words),
      parentSpanId,
      name,
      kind,
      startMs: clock.nowMs(),
      durationMs: 0,
      code: 'OK',
      attributes: { 'thread.name': threadName, ...own },
    };
    return new ActiveSpan(span, words, (ended) => this.#ended(ended));
  }

  #ended(span: Span): void {
    const nowMs = this.#thread.clock.nowMs();
    span.durationMs = nowMs - span.startMs;
    // The wall's clock may be set; what is over a millisecond off is that, and less is its resolution.
    const offsetMs = this.#thread.clock.wallMs() - nowMs;
    if (Math.abs(offsetMs - this.#wallOffsetMs) > 1) this.#wallOffsetMs = offsetMs;
    span.startMs += this.#wallOffsetMs;
    // Each tracer's spans are its own.
    for (const [index, batch] of this.#batches.entries()) batch.add(index === 0 ? span : structuredClone(span));
  }

  #drawn(): boolean {
    return this.#thread.random() * 100 < this.#percent;
  }

  /** An id that is not zero, which would mean that there is none. */
  #nameSpan(words: Uint32Array): void {
    words[4] = this.#randomWord();
    words[5] = this.#randomWord();
  }

  #randomWord(): number {
    return 1 + Math.floor(this.#thread.random() * 0xffff_ffff);
  }
}

function rpcAttributes(method: string): Span['attributes'] {
  return { 'rpc.system.name': 'heddle', 'rpc.method': method };
}

/** A span under way; ended once, by one of the three. */
export class ActiveSpan implements AnswerObserver {
  /** Trace id, and the span's own id where the parent's stands for whoever is called in it. */
  readonly words: Uint32Array;
  readonly #span: Span;
  readonly #ended: (span: Span) => void;
  readonly returned = (): void => this.answered(0);
  readonly failed = (reason: unknown): void => this.answered(codeNumber(HeddleError.from(reason).code));

  constructor(span: Span, words: Uint32Array, ended: (span: Span) => void) {
    this.words = words;
    this.#span = span;
    this.#ended = ended;
  }

  /** `code`: 0, or an error code's number. */
  answered(code: number): void {
    const { attributes, kind } = this.#span;
    this.#span.code = code === 0 ? 'OK' : codeOfNumber(code);
    if (kind !== 'internal') attributes['rpc.response.status_code'] = this.#span.code;
    if (code !== 0) attributes['error.type'] = this.#span.code;
    this.#ended(this.#span);
  }
}
