// HeddleConnection: one client of the heddle protocol, on an IO thread. Frames become calls to the dispatcher, replies
// become frames; what it answers by itself (malformed frames, pings, a drain) stands in docs/protocol.md. Bytes go out
// once a turn, in `flush`. Timeouts are ConnectionTimers' business, how much is read and written Flow's.

import type { Socket } from 'node:net';
import {
  type CallReply,
  type CallSender,
  callFlags,
  emptyCallReply,
  noBytes,
  type ReplySink,
} from '../../../runtime/call.ts';
import { codeNumber, type ErrorCode, type RetryHint, retryHints } from '../../../runtime/errors.ts';
import type { ProtocolConnection, ProtocolHost } from '../../../runtime/plugins/protocol.ts';
import type { BindingSettings } from '../../../runtime/settings.ts';
import { adoptSocket } from '../adopt-socket.ts';
import type { ConnectionSocket, SocketOwner } from '../connection-socket.ts';
import { ConnectionTimers, type TimedConnection } from '../connection-timers.ts';
import { Flow, type FlowOwner } from '../flow.ts';
import type { OutboxPool } from '../outbox.ts';
import { encodeGoaway, encodeMessage, encodePong, encodeReply, goawayFrameBytes, replyFrameBytes } from './encode.ts';
import { type FrameHandler, FrameParser } from './frame-parser.ts';
import type { InFlight, InFlightTables } from './in-flight.ts';
import { frameTypes, pingLayout } from './layout.ts';
import type { RequestFrame } from './read-frame.ts';
import type { RouteNames } from './route-names.ts';

/** What the connections of one IO thread share. */
export interface ThreadShare {
  readonly host: ProtocolHost;
  readonly pool: OutboxPool;
  readonly routes: RouteNames;
  readonly tables: InFlightTables;
  /** Takes the empty replies of one-way calls. */
  readonly oneWaySink: ReplySink;
}

/**
 * - `serving`: takes requests. Left by a drain, the peer's GOAWAY or FIN, a timeout, a stream that can't be followed.
 * - `draining`: refuses requests; what runs is answered. Left when the last answer is on its way.
 * - `lingering`: the last byte was written and the stream ended; what comes is thrown away, so that the peer is not
 *   reset before it has read the last frame. Left when the peer ends its side too, or after `lingerMs`.
 * - `closed`: the socket is gone or going.
 */
type State = 'serving' | 'draining' | 'lingering' | 'closed';

export class HeddleConnection
  implements ProtocolConnection, SocketOwner, FrameHandler, TimedConnection, FlowOwner, CallSender
{
  readonly #share: ThreadShare;
  readonly #binding: BindingSettings;
  readonly #socket: ConnectionSocket;
  readonly #parser: FrameParser;
  readonly #timers: ConnectionTimers;
  readonly #flow: Flow;
  /** The thread's empty one while nothing is in flight. */
  #inFlight: InFlight;
  readonly #sink: ReplySink;
  /** One-way calls under way. */
  oneWay = 0;
  readonly #onClose: () => void;
  #state: State = 'serving';
  /** Time of the present chunk: one look at the clock for all its requests. */
  #nowMs: number;
  #flushAsked = false;
  /** The request that the dispatcher is being given right now: it may be answered before `call` returns. */
  #calling = false;
  #callingTag = 0;
  #peerEnded = false;

  constructor(share: ThreadShare, socket: Socket, binding: BindingSettings, onClose: () => void) {
    const nowMs = share.host.clock.nowMs();
    this.#share = share;
    this.#binding = binding;
    this.#onClose = onClose;
    this.#nowMs = nowMs;
    this.#parser = new FrameParser(this, binding.frameBytes);
    this.#inFlight = share.tables.empty;
    this.#sink = new AnswerSink(this);
    this.#socket = adoptSocket(socket, share.host.readBuffer, this);
    this.#timers = new ConnectionTimers(this, share.host, binding, this.#socket);
    this.#flow = new Flow(share.host, share.pool, binding.writeBufferBytes, this.#socket, this);
  }

  get idle(): boolean {
    return this.quiet && this.unsentBytes === 0;
  }

  drain(): void {
    if (!this.#is('serving')) return;
    this.#state = 'draining';
    if (this.#inFlight.size > 0) this.#sendGoaway(0, false, 'the server is stopping');
    this.#askFlush();
  }

  destroy(): void {
    if (this.#is('closed')) return;
    this.#state = 'closed';
    this.#parser.stop();
    this.#timers.stop();
    this.#cancelAll();
    this.#flow.stop();
    this.#socket.destroy();
  }

  // What the host calls.

  flush(): void {
    this.#flushAsked = false;
    if (!this.#open) return;
    const ending = this.#is('draining') && this.#inFlight.size === 0;
    if (ending) this.#sendGoaway(0, true, '');
    this.#flow.write();
    if (ending) this.#end();
    if (this.#inFlight.size === 0) this.#timers.active(this.#share.host.clock.nowMs());
  }

  // What the timers look at, and what they do.

  get quiet(): boolean {
    return this.#inFlight.size === 0 && !this.#parser.partial;
  }

  get unsentBytes(): number {
    return this.#flow.unsentBytes;
  }

  get farBehind(): boolean {
    return this.#flow.farBehind;
  }

  get readingPaused(): boolean {
    return this.#flow.pausedForPeer;
  }

  get lingering(): boolean {
    return this.#is('lingering');
  }

  get halfOpen(): boolean {
    return this.#peerEnded && this.#is('draining');
  }

  onFrameLate(event: string, message: string): void {
    this.#share.host.count(event);
    this.#fail('DEADLINE_EXCEEDED', message);
  }

  onStalled(event: string): void {
    this.#share.host.count(event);
    this.destroy();
  }

  onIdle(): void {
    this.#share.host.count('idle-timeout');
    this.#state = 'draining';
    this.flush();
  }

  onProbe(): void {
    this.#sendGoaway(0, false, 'are you still there?');
  }

  // What the flow looks at and tells.

  get heldBytes(): number {
    return this.#parser.heldBytes;
  }

  onUnsent(): void {
    this.#timers.unsent(this.#share.host.clock.nowMs());
  }

  onReadingResumed(): void {
    this.#timers.readingResumed(this.#share.host.clock.nowMs());
  }

  // What the parser found.

  onRequest(frame: RequestFrame): void {
    const { host, routes, oneWaySink } = this.#share;
    const oneWay = (frame.flags & callFlags.oneWay) !== 0;
    const tag = frame.requestId | 0;
    if (!oneWay && this.#inFlight.has(tag)) this.#failDuplicate(frame.requestId);
    else if (!this.#is('serving')) this.#refuse(frame.requestId, oneWay);
    else {
      const route = routes.find(frame.source, frame.serviceStart, frame.methodStart, frame.methodEnd);
      const over = host.overShare(this.#inFlight.size + this.oneWay, route.service, route.method);
      if (over !== undefined) {
        if (oneWay) oneWaySink.onReply(0, over);
        else this.#send(tag, over);
        return;
      }
      frame.sender = this;
      frame.deadlineMs = this.#deadlineMs(frame.budgetUs);
      if (oneWay) host.dispatcher.call(route.service, route.method, frame, oneWaySink, 0);
      else this.#call(route.service, route.method, frame, tag);
      // The frame is every connection's.
      frame.sender = undefined;
    }
  }

  /** A reply that a peer sent: not to be mixed up with the dispatcher's. */
  onReply(): void {
    this.#failReply();
  }

  onCancel(requestId: number): void {
    if (!this.#inFlight.has(requestId | 0)) return;
    this.#share.host.count('cancelled');
    this.#settle(requestId, 'CANCELLED', 'the client cancelled the request');
  }

  onPing(source: Buffer, dataStart: number): void {
    const at = this.#reserve(pingLayout.bytes);
    if (at >= 0) this.#flow.commit(encodePong(this.#flow.buffer, at, source, dataStart));
  }

  onPong(): void {}

  onGoaway(): void {
    if (this.#is('serving')) this.#state = 'draining';
  }

  onBadFrame(type: number, requestId: number, code: ErrorCode, message: string): void {
    if (type === frameTypes.reply || type === frameTypes.error) this.#failReply();
    else if (type === frameTypes.request && this.#inFlight.has(requestId | 0)) this.#failDuplicate(requestId);
    else {
      this.#share.host.count('malformed');
      if (type !== frameTypes.oneWay) this.#settle(requestId, code, message);
    }
  }

  onBroken(code: ErrorCode, message: string): void {
    this.#share.host.count('malformed');
    this.#fail(code, message);
  }

  // Requests and their answers.

  #call(service: string, method: string, frame: RequestFrame, tag: number): void {
    const { dispatcher } = this.#share.host;
    this.#calling = true;
    this.#callingTag = tag;
    const handle = dispatcher.call(service, method, frame, this.#sink, tag);
    this.#calling = false;
    if (handle < 0) return;
    if (this.#is('closed')) dispatcher.cancel(handle);
    else this.#enter(tag, handle);
  }

  /** The dispatcher's. */
  onAnswer(tag: number, reply: CallReply): void {
    const answersCall = this.#calling && tag === this.#callingTag;
    if (!answersCall && this.#leave(tag) < 0) {
      this.#share.host.count('stray-reply');
      return;
    }
    this.#send(tag, reply);
  }

  #send(tag: number, reply: Readonly<CallReply>): void {
    const at = this.#reserve(replyFrameBytes(reply));
    if (at >= 0) this.#flow.commit(encodeReply(this.#flow.buffer, at, tag, reply));
  }

  /** The nearer of the client's budget and the binding's bound. */
  #deadlineMs(budgetUs: number): number {
    const { timeoutMs } = this.#binding;
    const budgetMs = budgetUs === 0 ? Number.POSITIVE_INFINITY : budgetUs / 1000;
    return this.#nowMs + (timeoutMs > 0 && timeoutMs < budgetMs ? timeoutMs : budgetMs);
  }

  #refuse(requestId: number, oneWay: boolean): void {
    this.#share.host.count('refused-draining');
    if (oneWay) return;
    this.#sendError(requestId, 'UNAVAILABLE', 'yes', 'this connection takes no more requests; send it over another');
  }

  #failDuplicate(requestId: number): void {
    this.#share.host.count('malformed');
    this.#fail('INVALID_ARGUMENT', `request id ${requestId} is in use until its answer has come; choose another`);
  }

  #failReply(): void {
    this.#share.host.count('malformed');
    this.#fail('INVALID_ARGUMENT', 'REPLY and ERROR are for servers to send; this is one');
  }

  /** Answers an id with an error; a request that runs under it is cancelled, so that each id gets one answer. */
  #settle(requestId: number, code: ErrorCode, message: string): void {
    const handle = this.#leave(requestId | 0);
    if (handle >= 0) this.#share.host.dispatcher.cancel(handle);
    this.#sendError(requestId, code, 'no', message);
  }

  #cancelAll(): void {
    const table = this.#inFlight;
    this.#inFlight = this.#share.tables.empty;
    for (const handle of table.takeAll()) this.#share.host.dispatcher.cancel(handle);
  }

  #enter(tag: number, handle: number): void {
    const { tables } = this.#share;
    if (this.#inFlight === tables.empty) this.#inFlight = tables.take();
    this.#inFlight.add(tag, handle);
  }

  /** The request's handle; -1: it is not in flight. */
  #leave(tag: number): number {
    const handle = this.#inFlight.take(tag);
    if (handle >= 0 && this.#inFlight.size === 0) {
      const { tables } = this.#share;
      tables.give(this.#inFlight);
      this.#inFlight = tables.empty;
    }
    return handle;
  }

  #sendError(requestId: number, code: ErrorCode, retry: RetryHint, message: string): void {
    const reply = emptyCallReply();
    reply.code = codeNumber(code);
    reply.retry = retryHints.indexOf(retry);
    reply.source = encodeMessage(message);
    reply.bodyEnd = reply.source.length;
    this.#send(requestId, reply);
  }

  #sendGoaway(code: number, final: boolean, text: string): void {
    const message = text === '' ? noBytes : encodeMessage(text);
    const at = this.#reserve(goawayFrameBytes(message));
    if (at >= 0) this.#flow.commit(encodeGoaway(this.#flow.buffer, at, code, final, message));
  }

  // The ways to an end.

  /** Says what is wrong and ends the connection; what runs is cancelled. */
  #fail(code: ErrorCode, message: string): void {
    if (!this.#open) return;
    this.#cancelAll();
    this.#sendGoaway(codeNumber(code), false, message);
    if (!this.#open) return;
    this.#flow.write();
    this.#end();
  }

  #end(): void {
    if (!this.#open) return;
    this.#state = 'lingering';
    this.#parser.stop();
    this.#timers.linger(this.#share.host.clock.nowMs());
    this.#socket.end();
    this.#flow.discard();
  }

  onPeerEnd(): void {
    this.#peerEnded = true;
    if (!this.#open) return;
    if (this.#parser.partial) this.#share.host.count('cut-off-frame');
    this.#parser.stop();
    this.#state = 'draining';
    if (this.#inFlight.size > 0) {
      // A peer that is gone altogether looks the same so far; its kernel will refuse what it is sent.
      this.onProbe();
      this.#timers.probe(this.#share.host.clock.nowMs());
    }
    this.#askFlush();
  }

  onSocketClose(): void {
    if (this.#inFlight.size > 0) this.#share.host.count('peer-gone');
    this.destroy();
    this.#onClose();
  }

  // Bytes in, bytes out.

  onBytes(chunk: Buffer, length: number): void {
    if (!this.#open) return;
    const parser = this.#parser;
    this.#nowMs = this.#share.host.clock.nowMs();
    parser.push(chunk, length);
    if (!this.#open) return;
    this.#timers.read(this.#nowMs, parser.frames, parser.partial);
    if (this.#is('draining')) this.#askFlush();
    this.#flow.book();
  }

  onTaken(buffers: number): void {
    this.#flow.onTaken(buffers);
  }

  /** Room for a frame; -1: the connection takes none any more. */
  #reserve(bytes: number): number {
    if (!this.#open) return -1;
    const at = this.#flow.reserve(bytes);
    if (at >= 0) this.#askFlush();
    return at;
  }

  #askFlush(): void {
    if (this.#flushAsked) return;
    this.#flushAsked = true;
    this.#share.host.scheduleFlush(this);
  }

  get #open(): boolean {
    return this.#state === 'serving' || this.#state === 'draining';
  }

  #is(state: State): boolean {
    return this.#state === state;
  }
}

/** Hands answers to their connection, whose own `onReply` is the parser's. */
class AnswerSink implements ReplySink {
  readonly #connection: HeddleConnection;

  constructor(connection: HeddleConnection) {
    this.#connection = connection;
  }

  onReply(tag: number, reply: CallReply): void {
    this.#connection.onAnswer(tag, reply);
  }
}
