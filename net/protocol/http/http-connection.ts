// HttpConnection: one socket of protocol http, from its first byte to its close. Hands each request to the dispatcher,
// answers in the order of the requests and ends well. Bytes go out once a turn, in `flush`. Timeouts are ConnectionTimers'
// business, how much is read and written Flow's. On its IO thread only.

import type { Socket } from 'node:net';
import { type CallReply, type CallSender, callFlags, noBytes } from '../../../runtime/call.ts';
import type { ProtocolConnection } from '../../../runtime/plugins/protocol.ts';
import type { BindingSettings } from '../../../runtime/settings.ts';
import { adoptSocket } from '../adopt-socket.ts';
import type { ConnectionSocket, SocketOwner } from '../connection-socket.ts';
import { ConnectionTimers, type TimedConnection } from '../connection-timers.ts';
import { Flow, type FlowOwner } from '../flow.ts';
import { slowReaderFactor } from '../slow-reader.ts';
import { AnswerQueue } from './answer-queue.ts';
import { Exchange, type ExchangeOwner } from './exchange.ts';
import type { HttpThread } from './http-thread.ts';
import { takeIn } from './intake.ts';
import { lingerBytes, pipelineMax, pipelinePause } from './limits.ts';
import type { ParsedRequest } from './parse-request.ts';
import * as refusals from './refusal.ts';
import { type RequestHandler, RequestParser } from './request-parser.ts';
import { type Answer, healthAnswer, refusalAnswer, replyAnswer } from './write-reply.ts';

/**
 * - `open`: requests are taken.
 * - `draining`: as open, but the answer to the newest request says `connection: close`.
 * - `closing`: what was asked is answered; what still comes is dropped. Left when the last answer is on its way.
 * - `lingering`: our side is ended; what still comes is read and dropped, so that the peer is not reset before it has read
 *   the last answer. Left when the peer ends its side too, after `lingerMs` or `lingerBytes`.
 * - `closed`: the socket is gone or going.
 */
type State = 'open' | 'draining' | 'closing' | 'lingering' | 'closed';

/** Refusals behind which a connection ends in any case. */
const endsConnection: ReadonlySet<number> = new Set([413, 417, 505]);

const continueHead = 'HTTP/1.1 100 Continue\r\n\r\n';

export class HttpConnection
  implements ProtocolConnection, SocketOwner, RequestHandler, ExchangeOwner, TimedConnection, FlowOwner, CallSender
{
  readonly #thread: HttpThread;
  readonly #binding: BindingSettings;
  readonly #socket: ConnectionSocket;
  readonly #parser: RequestParser;
  readonly #timers: ConnectionTimers;
  readonly #flow: Flow;
  readonly #queue = new AnswerQueue();
  /** One-way calls under way. */
  oneWay = 0;
  readonly #onClose: () => void;
  #state: State = 'open';
  /** Time of the present read: one look at the clock for all its requests. */
  #nowMs: number;
  #flushAsked = false;
  /** The request whose body is on its way, also one that is dropped. */
  #reading: Exchange | undefined;
  /** Calls in flight. */
  #running = 0;
  /** Read and dropped since this began to close, and since it lingers, bytes. */
  #droppedBytes = 0;

  constructor(thread: HttpThread, socket: Socket, binding: BindingSettings, onClose: () => void) {
    const { host } = thread;
    this.#thread = thread;
    this.#binding = binding;
    this.#onClose = onClose;
    this.#nowMs = host.clock.nowMs();
    this.#parser = new RequestParser(this, thread.heads);
    this.#socket = adoptSocket(socket, host.readBuffer, this);
    this.#timers = new ConnectionTimers(this, host, binding, this.#socket, firstRequestMs(binding));
    this.#flow = new Flow(host, thread.pool, binding.writeBufferBytes, this.#socket, this);
  }

  get idle(): boolean {
    return this.quiet && this.unsentBytes === 0;
  }

  drain(): void {
    if (this.#state !== 'open') return;
    this.#state = 'draining';
    this.#askFlush();
  }

  destroy(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#parser.stop();
    this.#timers.stop();
    this.#giveUpCalls();
    this.#flow.stop();
    this.#socket.destroy();
  }

  // What the host calls.

  flush(): void {
    this.#flushAsked = false;
    if (!this.#answers) return;
    this.#flow.write();
    if (!this.#answers) return;
    this.#lookAtQueue();
    const isOver = this.#state !== 'open' && this.quiet;
    if (isOver) this.#linger();
    else if (this.#queue.size === 0) this.#timers.active(this.#thread.host.clock.nowMs());
  }

  // What the timers look at, and what they do.

  get quiet(): boolean {
    return this.#queue.size === 0 && !this.#parser.partial;
  }

  get unsentBytes(): number {
    return this.#flow.unsentBytes;
  }

  get farBehind(): boolean {
    return this.#flow.farBehind;
  }

  // Not while it is paused for memory: then the timeout is what frees the memory of peers that are slow.
  get readingPaused(): boolean {
    return this.#flow.pausedForPeer || this.#flow.held || this.#state === 'closing';
  }

  get lingering(): boolean {
    return this.#state === 'lingering';
  }

  get halfOpen(): boolean {
    return false;
  }

  onFrameLate(): void {
    if (!this.#parser.partial) {
      // Who has said nothing is told nothing.
      this.onStalled('connect-timeout');
      return;
    }
    this.#thread.host.count('read-timeout');
    this.#failReading(refusals.tooSlow);
  }

  onStalled(event: string): void {
    this.#thread.host.count(event);
    this.destroy();
  }

  onIdle(): void {
    this.#thread.host.count('idle-timeout');
    this.#linger();
  }

  onProbe(): void {}

  // What the flow looks at and tells.

  get heldBytes(): number {
    return this.#parser.heldBytes + this.#queue.storedBytes + (this.#reading?.body?.heldBytes ?? 0);
  }

  onUnsent(): void {
    this.#timers.unsent(this.#thread.host.clock.nowMs());
  }

  onReadingResumed(): void {
    this.#timers.readingResumed(this.#thread.host.clock.nowMs());
  }

  // What the parser found.

  onHead(request: ParsedRequest): void {
    if (request.verb === 'CONNECT') {
      this.destroy();
      return;
    }
    const exchange = new Exchange(this, request);
    this.#queue.push(exchange);
    if (this.#queue.size > pipelineMax) {
      this.onStalled('pipeline-over');
      return;
    }
    this.#timers.heard();
    this.#reading = exchange;
    const intake = takeIn(this.#thread, this.#binding, exchange, request, this.#nowMs);
    if (intake === 'call') {
      if (isAwaited(request)) this.#invite(exchange);
    } else if (intake === 'health') {
      this.#give(exchange, healthAnswer(this.#thread.host.dispatcher.health));
    } else {
      this.#refuse(exchange, request, intake);
    }
  }

  onBody(source: Buffer, start: number, end: number): void {
    const exchange = this.#reading;
    if (exchange?.body === undefined || exchange.body.append(source, start, end)) return;
    this.#thread.host.count('too-large');
    this.#forgetBody(exchange);
    this.#sayLast(exchange, refusals.bodyTooLarge(this.#binding.frameBytes));
  }

  onEnd(): void {
    const exchange = this.#reading;
    this.#reading = undefined;
    if (exchange === undefined) return;
    if (exchange.closes) this.#beginClosing();
    if (exchange.head !== undefined) this.#handOn(exchange);
  }

  onFault(refusal: refusals.Refusal): void {
    this.#thread.host.count('malformed');
    this.#failReading(refusal);
  }

  // Requests.

  /** Behind the answers to the requests before it. */
  #invite(exchange: Exchange): void {
    if (this.#queue.first === exchange) this.#writeText(continueHead);
    else exchange.isAwaited = true;
  }

  #handOn(exchange: Exchange): void {
    const head = exchange.head!;
    const body = exchange.body!;
    exchange.head = undefined;
    exchange.body = undefined;
    exchange.isAwaited = false;
    head.source = body.source;
    head.metadataStart = 0;
    head.metadataEnd = body.metadataBytes;
    head.bodyStart = body.start;
    head.bodyEnd = body.end;
    head.sender = this;
    exchange.oneWay = (head.flags & callFlags.oneWay) !== 0;
    const { service, method } = exchange;
    const over = this.#thread.host.overShare(this.#running + this.oneWay, service, method);
    this.#running++;
    if (over !== undefined) this.answer(exchange, over);
    else if (!this.#thread.call(exchange, service, method, head)) {
      this.#running--;
      this.#give(exchange, refusalAnswer(refusals.tooManyCalls));
    } else if (this.#state === 'closed' && !exchange.isAnswered) {
      // Closed within the call, when nobody knew its handle yet.
      this.#thread.cancel(exchange);
    }
    this.#thread.giveHead(head);
  }

  // A short body is read and dropped to keep the connection; behind a longer one, or one of unknown length, or one that
  // may or may not follow (the client was to wait for `100 Continue`), it is not worth it.
  #refuse(exchange: Exchange, request: ParsedRequest, refusal: refusals.Refusal): void {
    if (refusal.status === 413) this.#thread.host.count('too-large');
    const { bodyBytes, headers } = request;
    const isDropped = bodyBytes >= 0 && bodyBytes <= lingerBytes && (bodyBytes === 0 || headers.expect === undefined);
    if (isDropped && !endsConnection.has(refusal.status)) this.#give(exchange, refusalAnswer(refusal));
    else this.#sayLast(exchange, refusal);
  }

  /** What is being read is no request, or does not come. */
  #failReading(refusal: refusals.Refusal): void {
    const exchange = this.#reading;
    if (exchange === undefined) {
      const broken = new Exchange(this, undefined);
      this.#queue.push(broken);
      this.#sayLast(broken, refusal);
    } else if (exchange.isAnswered) {
      this.#beginClosing();
      this.#askFlush();
    } else {
      this.#forgetBody(exchange);
      this.#sayLast(exchange, refusal);
    }
  }

  #forgetBody(exchange: Exchange): void {
    if (exchange.head !== undefined) this.#thread.giveHead(exchange.head);
    exchange.head = undefined;
    exchange.body = undefined;
  }

  // Answers.

  answer(exchange: Exchange, reply: CallReply): void {
    this.#running--;
    this.#give(exchange, this.#answerOf(exchange, reply));
  }

  #answerOf(exchange: Exchange, reply: CallReply): Answer {
    try {
      return replyAnswer(exchange, reply);
    } catch (reason) {
      this.#thread.host.log.error({ err: reason }, 'a reply could not be written as HTTP');
      return refusalAnswer(refusals.refusalOfError(reason));
    }
  }

  #sayLast(exchange: Exchange, refusal: refusals.Refusal): void {
    exchange.closes = true;
    this.#give(exchange, refusalAnswer(refusal));
  }

  #give(exchange: Exchange, answer: Answer): void {
    exchange.isAnswered = true;
    exchange.isAwaited = false;
    const isNewest = this.#queue.last === exchange && (this.#reading === exchange || !this.#parser.partial);
    const isLast = this.#state === 'draining' && isNewest;
    if (isLast || exchange.closes) {
      exchange.closes = true;
      this.#beginClosing();
    }
    const { headEnds } = this.#thread;
    const end = exchange.closes ? headEnds.closing : headEnds.staying(this.#binding.idleTimeoutMs);
    const head = answer.head + end;
    const bodyBytes = exchange.isHead ? 0 : answer.end - answer.start;
    const bytes = head.length + bodyBytes;
    if (exchange !== this.#queue.first) {
      const stored = Buffer.allocUnsafeSlow(bytes);
      lay(stored, 0, head, answer, bodyBytes);
      this.#store(exchange, stored);
      return;
    }
    const at = this.#reserve(bytes);
    if (at < 0) return;
    lay(this.#flow.buffer, at, head, answer, bodyBytes);
    this.#flow.commit(at + bytes);
    this.#goOn();
  }

  /** Until those before it are answered. A thread that has no memory left keeps little for one peer. */
  #store(exchange: Exchange, stored: Buffer): void {
    this.#queue.store(exchange, stored);
    this.#flow.book();
    const isMuch = this.#queue.storedBytes + this.unsentBytes > slowReaderFactor * this.#binding.writeBufferBytes;
    if (isMuch && !this.#thread.host.bookBytes(0)) this.onStalled('slow-reader');
    else this.#askFlush();
  }

  /** The first request is answered: those behind it that were answered earlier are now. */
  #goOn(): void {
    let first = this.#queue.shift();
    while (first?.stored !== undefined) {
      const { stored } = first;
      const at = this.#reserve(stored.length);
      if (at < 0) return;
      stored.copy(this.#flow.buffer, at);
      this.#flow.commit(at + stored.length);
      first = this.#queue.shift();
    }
    if (first?.isAwaited === true) {
      first.isAwaited = false;
      this.#writeText(continueHead);
    }
  }

  #writeText(text: string): void {
    const at = this.#reserve(text.length);
    if (at < 0) return;
    this.#flow.buffer.write(text, at, 'latin1');
    this.#flow.commit(at + text.length);
  }

  /** Room for bytes of the present answer; -1: the connection takes none any more. */
  #reserve(bytes: number): number {
    if (!this.#answers) return -1;
    const at = this.#flow.reserve(bytes);
    if (at >= 0) this.#askFlush();
    return at;
  }

  // The ways to an end.

  #beginClosing(): void {
    if (!this.#takes) return;
    this.#state = 'closing';
    this.#parser.stop();
  }

  #linger(): void {
    this.#state = 'lingering';
    this.#droppedBytes = 0;
    this.#parser.stop();
    this.#timers.linger(this.#thread.host.clock.nowMs());
    this.#socket.end();
    this.#flow.discard();
  }

  /** Calls in flight are cancelled; nothing more is answered. */
  #giveUpCalls(): void {
    if (this.#reading !== undefined) this.#forgetBody(this.#reading);
    this.#reading = undefined;
    for (let exchange = this.#queue.first; exchange !== undefined; exchange = exchange.next) {
      if (!exchange.isAnswered && exchange.tag !== -1) this.#thread.cancel(exchange);
    }
    this.#running = 0;
    this.#queue.clear();
  }

  /** Who ends only its sending side counts as gone too. */
  onPeerEnd(): void {
    if (!this.#answers) return;
    if (!this.quiet) this.#thread.host.count('peer-gone');
    this.#giveUpCalls();
    this.#parser.stop();
    this.#state = 'closing';
    this.#askFlush();
  }

  onSocketClose(): void {
    if (this.#queue.size > 0) this.#thread.host.count('peer-gone');
    this.destroy();
    this.#onClose();
  }

  // Bytes in.

  onBytes(chunk: Buffer, length: number): void {
    if (this.#takes) {
      const parser = this.#parser;
      const before = parser.requests;
      this.#nowMs = this.#thread.host.clock.nowMs();
      parser.push(chunk, length);
      if (!this.#answers) return;
      // Empty lines between requests keep nothing alive.
      if (parser.partial || parser.requests !== before) this.#timers.read(this.#nowMs, parser.requests, parser.partial);
      if (this.#state === 'draining') this.#askFlush();
      this.#lookAtQueue();
      this.#flow.book();
    } else {
      this.#drop(length);
    }
  }

  onTaken(buffers: number): void {
    this.#flow.onTaken(buffers);
  }

  /** Bytes that nobody wants. */
  #drop(bytes: number): void {
    this.#droppedBytes += bytes;
    if (this.#droppedBytes <= lingerBytes) return;
    if (this.#state === 'lingering') this.destroy();
    else if (this.#state === 'closing') this.#flow.hold(true);
  }

  /** With too much to answer nothing is read; half way down it goes on, so that this does not change with each answer. */
  #lookAtQueue(): void {
    if (!this.#takes) return;
    const { size, storedBytes } = this.#queue;
    const { writeBufferBytes } = this.#binding;
    if (size >= pipelinePause || storedBytes > writeBufferBytes) this.#flow.hold(true);
    else if (size <= pipelinePause / 2 && storedBytes <= writeBufferBytes / 2) this.#flow.hold(false);
  }

  #askFlush(): void {
    if (this.#flushAsked) return;
    this.#flushAsked = true;
    this.#thread.host.scheduleFlush(this);
  }

  /** What comes is looked at. */
  get #takes(): boolean {
    return this.#state === 'open' || this.#state === 'draining';
  }

  /** What was asked is still answered. */
  get #answers(): boolean {
    return this.#state !== 'lingering' && this.#state !== 'closed';
  }
}

/** How long a connection may take to its first request: until then it has told nothing but that it is there. */
function firstRequestMs({ connectTimeoutMs, readTimeoutMs }: BindingSettings): number {
  if (connectTimeoutMs === 0 || readTimeoutMs === 0) return connectTimeoutMs || readTimeoutMs;
  return Math.min(connectTimeoutMs, readTimeoutMs);
}

/** What it expects was seen to be that. */
function isAwaited({ headers, bodyBytes, version }: ParsedRequest): boolean {
  return headers.expect !== undefined && bodyBytes !== 0 && version === '1.1';
}

function lay(target: Buffer, at: number, head: string, answer: Answer, bodyBytes: number): void {
  target.write(head, at, 'latin1');
  if (bodyBytes > 0) answer.source.copy(target, at + head.length, answer.start, answer.end);
  // It may be large.
  answer.source = noBytes;
}
