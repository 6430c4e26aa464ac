// HttpConnection: one socket of protocol http, from its first byte to its close. node:http parses and frames; this hands
// each request to the dispatcher, answers in its turn and ends well. On its IO thread only.
//
// States: `open`      requests are taken.
//         `draining`  as open, but the answer to the newest request says `connection: close`; idle: goes to lingering.
//         `closing`   that last answer, or one after which the stream can't be trusted, is written or waits for the
//                     answers before it; further requests are dropped. Its last byte sent: goes to lingering.
//         `lingering` our side is ended; what still comes is read and dropped, up to lingerMs and lingerBytes.
//         `closed`    nothing is held any more.

import type { Socket } from 'node:net';
import { type CallReply, type CallSender, callFlags } from '../../../runtime/call.ts';
import type { ProtocolConnection } from '../../../runtime/plugins/protocol.ts';
import type { BindingSettings } from '../../../runtime/settings.ts';
import type { TimerTarget } from '../../../runtime/timer-wheel.ts';
import { CallList } from './call-list.ts';
import { type Exchange, type ExchangeOwner, type HttpRequest, receiveBody, watchSending } from './exchange.ts';
import type { HttpThread } from './http-thread.ts';
import { announcedBytes, takeIn } from './intake.ts';
import { lingerBytes, lingerMs, pipelineMax, replyHeadBytes } from './limits.ts';
import { ReadGate } from './read-gate.ts';
import * as refusals from './refusal.ts';
import { SlowReaderWatch } from './slow-reader-watch.ts';
import { writeRefusal, writeReply, writeText } from './write-reply.ts';

type State = 'open' | 'draining' | 'closing' | 'lingering' | 'closed';

export class HttpConnection implements ProtocolConnection, ExchangeOwner, TimerTarget {
  readonly #thread: HttpThread;
  readonly #socket: Socket;
  readonly #binding: BindingSettings;
  readonly #gate: ReadGate;
  readonly #watch: SlowReaderWatch;
  #state: State = 'open';
  readonly #calls = new CallList();
  readonly #sender: CallSender = { oneWay: 0 };
  /** The newest request's answer, until it is given: the one that may be the last. */
  #newest: Exchange | undefined;
  /** Requests whose bodies are on their way, also those that are dropped. */
  #reading = 0;
  /** The newest of them. */
  #readingRequest: HttpRequest | undefined;
  /** Answers that the kernel has not yet taken in whole. */
  #unsent = 0;
  #unsentBytes = 0;
  /** `socket.bytesRead` when the newest request had come in whole, or when this began to close. */
  #markBytes = 0;
  /** The answer to bytes that are no request, for when everything before them is answered. */
  #lastWord: refusals.Refusal | undefined;
  /** Of the wheel: until the first request, and while lingering; -1: none. */
  #timer = -1;

  constructor(thread: HttpThread, socket: Socket, binding: BindingSettings) {
    this.#thread = thread;
    this.#socket = socket;
    this.#binding = binding;
    this.#gate = new ReadGate(thread.host, socket, binding.writeBufferBytes);
    this.#watch = new SlowReaderWatch(thread.host, socket, binding, (event) => this.#cutOff(event));
    const firstMs = binding.connectTimeoutMs || binding.idleTimeoutMs;
    if (firstMs > 0) this.#startTimer(firstMs);
  }

  get idle(): boolean {
    return !this.#busy && this.#socket.writableLength === 0 && this.#socket.bytesRead === this.#markBytes;
  }

  drain(): void {
    if (this.#state !== 'open') return;
    this.#state = 'draining';
    this.#settled();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#letGo();
  }

  /** The socket has closed. */
  close(): void {
    if (this.#state === 'closed') return;
    if (this.#busy) this.#thread.host.count('peer-gone');
    this.#letGo();
  }

  // ---- requests -----------------------------------------------------------------------------------------------------

  /** A request's head has come. `awaited`: its client holds the body back until it gets `100 Continue`. */
  begin(request: HttpRequest, exchange: Exchange, awaited: boolean): void {
    if (!this.#accept(request, exchange)) return;
    const bodyBytes = announcedBytes(request);
    const intake = takeIn(this.#thread, this.#binding, request, bodyBytes);
    if (intake === 'call') {
      this.#handOn(request, exchange);
    } else if (intake === 'body') {
      this.#receive(request);
      if (awaited) exchange.writeContinue();
    } else if (intake === 'health') {
      this.#answerHealth(exchange);
    } else {
      this.#refuse(request, exchange, intake, bodyBytes, awaited);
    }
  }

  /** A request that expects something that can't be met. */
  beginUnmet(request: HttpRequest, exchange: Exchange): void {
    if (!this.#accept(request, exchange)) return;
    this.#refuse(request, exchange, refusals.unknownExpectation, announcedBytes(request), true);
  }

  takeBody(request: HttpRequest, chunk: Buffer): void {
    const { body, exchange } = request;
    if (this.#state === 'closed' || exchange === undefined) return;
    if (body === undefined) {
      this.#dropped(request);
      return;
    }
    const heldBytes = body.heldBytes;
    const fits = body.append(chunk);
    this.#gate.book(body.heldBytes - heldBytes);
    if (fits) this.#gate.passed(request);
    else this.#giveUpBody(request, exchange);
  }

  endBody(request: HttpRequest): void {
    if (this.#state === 'closed' || request.exchange === undefined) return;
    this.#reading--;
    if (request === this.#readingRequest) {
      this.#readingRequest = undefined;
      this.#markBytes = this.#socket.bytesRead;
    }
    if (request.body === undefined) {
      this.#settled();
      return;
    }
    this.#gate.book(-request.body.heldBytes);
    this.#handOn(request, request.exchange);
  }

  /** True when the request is to be looked at. */
  #accept(request: HttpRequest, exchange: Exchange): boolean {
    if (this.#state !== 'open' && this.#state !== 'draining') {
      request.resume();
      return false;
    }
    this.#stopTimer();
    request.exchange = exchange;
    exchange.owner = this;
    this.#newest = exchange;
    this.#markBytes = this.#socket.bytesRead;
    this.#gate.look(this.#waiting, this.#unsentBytes);
    if (this.#waiting < pipelineMax) return true;
    this.#thread.host.count('pipeline-over');
    this.destroy();
    return false;
  }

  #receive(request: HttpRequest): void {
    this.#reading++;
    this.#readingRequest = request;
    receiveBody(request);
  }

  #handOn(request: HttpRequest, exchange: Exchange): void {
    const head = request.head!;
    const body = request.body!;
    request.head = undefined;
    request.body = undefined;
    head.source = body.source;
    head.metadataStart = 0;
    head.metadataEnd = body.metadataBytes;
    head.bodyStart = body.metadataBytes;
    head.bodyEnd = body.endBytes;
    head.sender = this.#sender;
    exchange.oneWay = (head.flags & callFlags.oneWay) !== 0;
    const { serviceName, methodName } = request;
    const over = this.#thread.host.overShare(this.#calls.size + this.#sender.oneWay, serviceName, methodName);
    this.#calls.add(exchange);
    if (over !== undefined) {
      this.#thread.giveHead(head);
      this.answer(exchange, over);
      return;
    }
    const taken = this.#thread.call(exchange, serviceName, methodName, head);
    this.#thread.giveHead(head);
    if (taken) return;
    this.#calls.remove(exchange);
    this.#say(exchange, refusals.tooManyCalls, this.#isLast(exchange));
  }

  #giveUpBody(request: HttpRequest, exchange: Exchange): void {
    this.#thread.host.count('too-large');
    if (request.head !== undefined) this.#thread.giveHead(request.head);
    request.body = undefined;
    request.head = undefined;
    const refusal = refusals.bodyTooLarge(this.#binding.frameBytes);
    // When the parser is past this body, further requests may be in flight, and the rest of it has cost nothing.
    if (request.complete) this.#say(exchange, refusal, this.#isLast(exchange));
    else this.#sayLast(exchange, refusal);
  }

  // ---- answers ------------------------------------------------------------------------------------------------------

  answer(exchange: Exchange, reply: CallReply): void {
    this.#calls.remove(exchange);
    // A peer that is far behind gets time, but not while its thread has no memory left.
    if (this.#watch.farBehind && !this.#thread.host.bookBytes(0)) {
      this.#cutOff('slow-reader');
      return;
    }
    const close = this.#isLast(exchange);
    let bytes = 0;
    try {
      bytes = writeReply(exchange, reply, close);
    } catch (reason) {
      this.#thread.host.log.error({ err: reason }, 'a reply could not be written as HTTP');
      if (!exchange.headersSent) bytes = writeRefusal(exchange, refusals.refusalOfError(reason), close);
    }
    this.#written(exchange, bytes);
  }

  sent(exchange: Exchange): void {
    if (this.#state === 'closed') return;
    this.#unsent--;
    this.#unsentBytes -= exchange.bookedBytes;
    this.#watch.unsentBytes = this.#unsentBytes;
    this.#gate.book(-exchange.bookedBytes);
    this.#settled();
  }

  #answerHealth(exchange: Exchange): void {
    const { health } = this.#thread.host.dispatcher;
    const bytes = writeText(exchange, health === 'ok' ? 200 : 503, `${health}\n`, this.#isLast(exchange));
    this.#written(exchange, bytes);
  }

  // A short body is read and dropped to keep the connection; behind a longer one, or one of unknown length, or one that
  // may or may not follow (the client was to wait for `100 Continue`), it is not worth it.
  #refuse(
    request: HttpRequest,
    exchange: Exchange,
    refusal: refusals.Refusal,
    bodyBytes: number,
    awaited: boolean,
  ): void {
    if (bodyBytes !== 0) this.#receive(request);
    if (refusal.status === 413) this.#thread.host.count('too-large');
    const keeps = !awaited && bodyBytes >= 0 && bodyBytes <= lingerBytes && refusal.status !== 413;
    if (keeps) this.#say(exchange, refusal, this.#isLast(exchange));
    else this.#sayLast(exchange, refusal);
  }

  #say(exchange: Exchange, refusal: refusals.Refusal, close: boolean): void {
    this.#written(exchange, writeRefusal(exchange, refusal, close));
  }

  #sayLast(exchange: Exchange, refusal: refusals.Refusal): void {
    this.#beginClosing();
    this.#say(exchange, refusal, true);
  }

  /** Whether the answer to come is the last of a connection that drains; if so, nothing is taken after it. */
  #isLast(exchange: Exchange): boolean {
    const isNewest = exchange === this.#newest;
    if (isNewest) this.#newest = undefined;
    if (!isNewest || this.#state !== 'draining') return false;
    this.#beginClosing();
    return true;
  }

  #written(exchange: Exchange, bodyBytes: number): void {
    if (exchange.writableLength > 0 && this.#state !== 'closed') {
      exchange.bookedBytes = bodyBytes + replyHeadBytes;
      this.#unsent++;
      this.#unsentBytes += exchange.bookedBytes;
      this.#watch.unsentBytes = this.#unsentBytes;
      this.#gate.book(exchange.bookedBytes);
      watchSending(exchange);
      // The socket's own timer fires only when the kernel has taken nothing since it was set.
      if (this.#binding.writeTimeoutMs > 0) this.#socket.setTimeout(this.#binding.writeTimeoutMs);
    }
    this.#settled();
  }

  /** Something has been answered, sent or read to its end: what waited for that goes on. */
  #settled(): void {
    if (this.#state === 'closed') return;
    this.#gate.look(this.#waiting, this.#unsentBytes);
    if (this.#lastWord !== undefined && !this.#busy) {
      if (this.#socket.writable) this.#socket.write(refusals.refusalBytes(this.#lastWord));
      this.#lastWord = undefined;
      this.#linger();
    } else if (this.#state === 'draining' && this.idle) {
      this.#linger();
    }
  }

  /** Requests that wait for their answers, and answers that wait to be sent. */
  get #waiting(): number {
    return this.#calls.size + this.#unsent;
  }

  get #busy(): boolean {
    return this.#calls.size + this.#unsent + this.#reading > 0;
  }

  // ---- ends ---------------------------------------------------------------------------------------------------------

  /** The bytes that came are no request (or none in time): says so once everything before them is answered. */
  fault(parserCode: string | undefined): void {
    // Data behind a request that said `connection: close` changes nothing.
    if (parserCode === 'HPE_CLOSED_CONNECTION' || this.#state === 'closed') return;
    if (this.#state === 'closing' || this.#state === 'lingering') {
      if (isGone(parserCode) || this.#socket.bytesRead - this.#markBytes > lingerBytes) this.destroy();
    } else if (isGone(parserCode) || !this.#socket.writable) {
      this.#thread.host.count('peer-gone');
      this.destroy();
    } else if (parserCode === 'ERR_HTTP_REQUEST_TIMEOUT' && this.#socket.bytesRead === 0) {
      // node:http has looked before this connection's own timer: who has said nothing is told nothing.
      this.#thread.host.count('connect-timeout');
      this.destroy();
    } else {
      this.#thread.host.count(parserCode === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'read-timeout' : 'malformed');
      this.#beginClosing();
      this.#lastWord = refusals.malformed(parserCode);
      this.#forgetBroken();
      this.#settled();
    }
  }

  /** The request that the fault is in will never end. */
  #forgetBroken(): void {
    const request = this.#readingRequest;
    if (request === undefined || request.complete) return;
    request.exchange = undefined;
    this.#readingRequest = undefined;
    this.#reading--;
  }

  /** The socket's own timer: set for an answer that is not taken, and by node:http between requests. */
  quiet(): void {
    if (this.#socket.writableLength > 0) {
      this.#thread.host.count('write-timeout');
      this.destroy();
    } else if (this.#binding.idleTimeoutMs > 0 && !this.#busy) {
      this.#thread.host.count('idle-timeout');
      this.destroy();
    }
  }

  onTimer(): void {
    this.#timer = -1;
    if (this.#state === 'lingering') {
      this.destroy();
    } else if (this.#socket.bytesRead === 0) {
      this.#thread.host.count('connect-timeout');
      this.destroy();
    } else {
      this.fault('ERR_HTTP_REQUEST_TIMEOUT');
    }
  }

  #beginClosing(): void {
    this.#state = 'closing';
    this.#markBytes = this.#socket.bytesRead;
    // node:http calls this when the answer with `connection: close` has left.
    this.#socket.destroySoon = () => this.#linger();
  }

  #linger(): void {
    if (this.#state === 'lingering' || this.#state === 'closed') return;
    this.#state = 'lingering';
    this.#markBytes = this.#socket.bytesRead;
    this.#socket.end();
    this.#stopTimer();
    this.#startTimer(lingerMs);
    this.#readingRequest?.resume();
    this.#gate.open();
  }

  #cutOff(event: string): void {
    this.#thread.host.count(event);
    this.destroy();
  }

  /** Bytes of a body that nobody wants. */
  #dropped(request: HttpRequest): void {
    if (this.#socket.bytesRead - this.#markBytes <= lingerBytes) return;
    if (this.#state === 'lingering') this.destroy();
    else if (this.#state === 'closing') request.pause();
  }

  /** Calls in flight are cancelled, all that is booked is given back. */
  #letGo(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#stopTimer();
    this.#watch.stop();
    for (let exchange = this.#calls.pop(); exchange !== undefined; exchange = this.#calls.pop()) {
      this.#thread.cancel(exchange);
    }
    this.#gate.release();
  }

  #startTimer(delayMs: number): void {
    const { host } = this.#thread;
    this.#timer = host.timers.add(host.clock.nowMs() + delayMs, this, 0);
  }

  #stopTimer(): void {
    if (this.#timer === -1) return;
    this.#thread.host.timers.remove(this.#timer);
    this.#timer = -1;
  }
}

function isGone(code: string | undefined): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'HPE_INVALID_EOF_STATE';
}
