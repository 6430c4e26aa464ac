// HttpRequest and Exchange: node:http's request and response with the few fields that Heddle needs beside them, so that
// a request costs no object or closure beyond those two. node:http makes them, on IO threads.

import type { CallHead, CallReply } from '../../../runtime/call.ts';
import { IncomingMessage, ServerResponse } from '../../../runtime/lean-http.ts';
import type { CompressorNames } from '../../../runtime/plugins/compressor.ts';
import type { RequestBody } from './request-body.ts';

/** The connection, as its exchanges see it. */
export interface ExchangeOwner {
  /** A chunk of a request's body. */
  takeBody(request: HttpRequest, chunk: Buffer): void;
  /** The request's body is whole. */
  endBody(request: HttpRequest): void;
  /** The dispatcher's reply. */
  answer(exchange: Exchange, reply: CallReply): void;
  /** The kernel has taken the last byte of a reply that had to wait. */
  sent(exchange: Exchange): void;
}

/** A request; the fields below are set only while its body is on its way. */
export class HttpRequest extends IncomingMessage {
  exchange: Exchange | undefined = undefined;
  /** Undefined: what comes is dropped. */
  body: RequestBody | undefined = undefined;
  /** For its head: how the body is compressed, and how the reply may be. */
  compression = 0;
  head: CallHead | undefined = undefined;
  serviceName = '';
  methodName = '';
}

/** A response, and the call that it waits for. */
export class Exchange extends ServerResponse<HttpRequest> {
  owner: ExchangeOwner | undefined = undefined;
  /** Of the slot table; -1: no call is in flight. */
  tag = -1;
  /** For `Dispatcher.cancel`; -1: it was answered within the call. */
  handle = -1;
  /** Set when the reply may be compressed, whether it is or not. */
  compressors: readonly CompressorNames[] | undefined = undefined;
  /** No reply is wanted: 202 once it was handed on. */
  oneWay = false;
  /** Bytes of the reply, booked until the kernel has taken them. */
  bookedBytes = 0;
  /** The calls in flight of one connection are a list. */
  next: Exchange | undefined = undefined;
  previous: Exchange | undefined = undefined;
}

/** Sends the body of a request to its owner, until its end. */
export function receiveBody(request: HttpRequest): void {
  request.on('data', onData);
  request.on('end', onEnd);
}

/** Tells the owner once the reply has left. */
export function watchSending(exchange: Exchange): void {
  exchange.on('finish', onFinish);
}

function onData(this: HttpRequest, chunk: Buffer): void {
  this.exchange?.owner?.takeBody(this, chunk);
}

function onEnd(this: HttpRequest): void {
  this.exchange?.owner?.endBody(this);
}

function onFinish(this: Exchange): void {
  this.owner?.sent(this);
}
