// Exchange: one request of an http connection and the answer that it gets. Those of a connection are a list in the order
// in which they came, since that is the order of the answers. On its IO thread.

import type { CallHead, CallReply } from '../../../runtime/call.ts';
import type { CompressorNames } from '../../../runtime/plugins/compressor.ts';
import type { ParsedRequest } from './parse-request.ts';
import type { RequestBody } from './request-body.ts';

/** The connection, as the thread's table of calls sees it. */
export interface ExchangeOwner {
  /** The dispatcher's reply. */
  answer(exchange: Exchange, reply: CallReply): void;
}

export class Exchange {
  readonly owner: ExchangeOwner;
  readonly isHead: boolean;
  /** The answer says `connection: close`. */
  closes: boolean;
  /** The client holds its body back until it gets `100 Continue`. */
  isAwaited = false;
  /** No reply is wanted: 202 once it was handed on. */
  oneWay = false;
  /** Set when the reply may be compressed, whether it is or not. */
  compressors: readonly CompressorNames[] | undefined = undefined;
  // Until its body is whole:
  head: CallHead | undefined = undefined;
  /** Undefined: what comes of it is dropped. */
  body: RequestBody | undefined = undefined;
  service = '';
  method = '';
  /** Of the slot table; -1: no call is in flight. */
  tag = -1;
  /** For `Dispatcher.cancel`; -1: it was answered within the call. */
  handle = -1;
  isAnswered = false;
  /** The answer, while it waits for those before it. */
  stored: Buffer | undefined = undefined;
  /** The request behind it. */
  next: Exchange | undefined = undefined;

  /** `request` undefined: bytes that are none. */
  constructor(owner: ExchangeOwner, request: ParsedRequest | undefined) {
    this.owner = owner;
    this.isHead = request?.verb === 'HEAD';
    this.closes = request === undefined || !request.keepAlive;
  }
}
