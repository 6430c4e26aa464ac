// HeddleTarget: load over the heddle protocol, by the channel that every Heddle client has, but without contract, stub or
// promise: the request is encoded once, and each sending copies its bytes into a connection's buffer.

import { ClientChannel } from '../net/client/channel.ts';
import type { ClientHost } from '../net/client/host.ts';
import { checkOptions } from '../net/client/options.ts';
import { contractMethod } from '../net/service/contract.ts';
import {
  type BuiltInCodec,
  type CallHead,
  type CallReply,
  type CodecName,
  codecIds,
  emptyCallHead,
  type Priority,
  priorities,
  type ReplySink,
} from '../runtime/call.ts';
import { codeOfNumber } from '../runtime/errors.ts';
import type { MethodRef } from '../runtime/fiber/context.ts';
import { encodeMetadata } from '../runtime/metadata.ts';
import type { CheckBody, LoadTarget, OutcomeSink } from './target.ts';

export interface HeddleTargetOptions {
  /** `heddle://host:port,host:port`. */
  target: string;
  service: string;
  method: string;
  /** What is sent each time; see `bodyRequest` and `contractRequest`. */
  request: CallHead;
  /** The longest that one request may take, ms, above 0. */
  timeoutMs: number;
  /** To each address, 1 to 64. */
  connections: number;
  /** Requests under way at most; the generator's bound, or more. */
  maxInFlight: number;
  checkBody?: CheckBody | undefined;
}

/** The frames and buffers of a benchmark are as large as whoever runs it wants. */
const frameBytes = 2 ** 30;

export class HeddleTarget implements LoadTarget, ReplySink {
  readonly #host: ClientHost;
  readonly #options: HeddleTargetOptions;
  readonly #channel: ClientChannel;
  readonly connectionsWanted: number;
  #sink: OutcomeSink | undefined;

  /** Throws INVALID_ARGUMENT when an option is wrong. */
  constructor(options: HeddleTargetOptions, host: ClientHost) {
    const { target, service, connections, maxInFlight } = options;
    this.#host = host;
    this.#options = options;
    const checked = checkOptions({
      target,
      name: service,
      connections,
      maxInFlight,
      // The deadline of each request is in its head.
      timeoutMs: 0,
      frameBytes,
      writeBufferBytes: frameBytes,
      // What fails is to be seen, and the load to stay where it was put.
      ejectAfter: 0,
    });
    this.#channel = new ClientChannel(host, checked);
    this.connectionsWanted = checked.addresses.length * connections;
  }

  open(sink: OutcomeSink): void {
    this.#sink = sink;
    this.#channel.open();
  }

  get connectionsUp(): number {
    return this.#channel.stats.ready;
  }

  send(tag: number): void {
    const { service, method, request, timeoutMs } = this.#options;
    request.deadlineMs = this.#host.clock.nowMs() + timeoutMs;
    this.#channel.call(service, method, request, this, tag);
  }

  onReply(tag: number, reply: CallReply): void {
    const { code, source, bodyStart, bodyEnd } = reply;
    if (code !== 0) {
      this.#sink!.onFailure(tag, codeOfNumber(code), source.toString('utf8', bodyStart, bodyEnd));
      return;
    }
    const { checkBody } = this.#options;
    const wrong = checkBody === undefined ? undefined : checkBody(source, bodyStart, bodyEnd);
    if (wrong === undefined) this.#sink!.onAnswer(tag);
    else this.#sink!.onFailure(tag, 'DATA_LOSS', wrong);
  }

  close(): Promise<void> {
    return this.#channel.close();
  }
}

/** A request whose body is bytes already. Throws INVALID_ARGUMENT for metadata that can't be sent. */
export function bodyRequest(
  body: Buffer,
  codec: BuiltInCodec,
  { metadata = [], priority = 'normal' }: { metadata?: readonly [string, string][]; priority?: Priority } = {},
): CallHead {
  const head = emptyCallHead();
  const encoded = encodeMetadata(metadata);
  head.source = Buffer.concat([encoded, body]);
  head.metadataEnd = encoded.length;
  head.bodyStart = encoded.length;
  head.bodyEnd = head.source.length;
  head.codec = codecIds[codec];
  head.priority = priorities[priority];
  return head;
}

/**
 * A request of a contract's method, written once, in `codec` or the first that the contract names. Its schema version is
 * not sent along: the server must have the same. Throws INVALID_ARGUMENT, naming the path, when it does not fit.
 */
export function contractRequest<Request, Response>(
  method: MethodRef<Request, Response>,
  request: Request,
  codec?: CodecName,
): CallHead {
  const head = emptyCallHead();
  contractMethod(method).codec.writeRequest(request, head, codec);
  // It lies in memory that the thread's next message overwrites.
  head.source = Buffer.from(head.source.subarray(head.bodyStart, head.bodyEnd));
  head.bodyStart = 0;
  head.bodyEnd = head.source.length;
  head.metadataStart = 0;
  head.metadataEnd = 0;
  return head;
}
