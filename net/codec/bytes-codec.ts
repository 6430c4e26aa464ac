// bytes(): bodies that Heddle does not look into: proxies, formats of one's own. Serves on the fiber's thread.

import type { CallHead, CallReply, CodecName } from '../../runtime/call.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { FiberContext } from '../../runtime/fiber/context.ts';
import { codecs } from '../../runtime/plugins/codec.ts';
import { shown } from './body-fault.ts';
import { type BodyForm, type MethodCodec, type MethodShapes, nothingToLearn } from './method-codec.ts';
import { placeBytes } from './scratch.ts';
import { anyShape } from './shape-walk.ts';

export interface BytesTypes {
  requestIn: Uint8Array;
  requestOut: Buffer;
  responseIn: Uint8Array;
  responseOut: Buffer;
}

export interface BytesOptions {
  /** The codec that requests are labelled with; a plugin may add it. Default `bytes`. */
  codec?: CodecName;
}

/**
 * Bodies as they are. Any codec is served, and the reply is labelled as the request was. The handler gets the received
 * memory itself, which is its own; a caller gets a copy.
 */
export function bytes(options: BytesOptions = {}): MethodCodec<BytesTypes> {
  return new BytesCodec(options.codec ?? 'bytes');
}

class BytesCodec implements MethodCodec {
  readonly codecs = undefined;
  readonly schemaText = undefined;
  readonly #codec: CodecName;
  /** By codec id. */
  readonly #forms: (BytesForm | undefined)[] = [];

  constructor(codec: CodecName) {
    this.#codec = codec;
  }

  formFor(head: CallHead, _methodName: string): BodyForm {
    const id = head.codec & 255;
    const form = this.#forms[id] ?? new BytesForm(id);
    this.#forms[id] = form;
    return form;
  }

  learn(_head: CallHead, _fiber: FiberContext, methodName: string): BodyForm {
    return nothingToLearn(methodName);
  }

  writeRequest(request: unknown, head: CallHead, codec: CodecName | undefined): void {
    placeBytes(head, asBytes(request));
    // Looked up late: contracts are made before plugins have added their codecs.
    head.codec = codecs.idOf(codec ?? this.#codec);
    head.fingerprintHigh = 0;
    head.fingerprintLow = 0;
  }

  readResponse(reply: CallReply): Buffer {
    return Buffer.from(reply.source.subarray(reply.bodyStart, reply.bodyEnd));
  }

  shapes(): MethodShapes {
    return unknownShapes;
  }
}

const unknownShapes: MethodShapes = { request: anyShape, response: anyShape };

class BytesForm implements BodyForm {
  readonly #codec: number;

  constructor(codec: number) {
    this.#codec = codec;
  }

  decode(source: Buffer, start: number, end: number): Buffer {
    return source.subarray(start, end);
  }

  encode(value: unknown, reply: CallReply): void {
    placeBytes(reply, asBytes(value));
    reply.codec = this.#codec;
    reply.fingerprintHigh = 0;
    reply.fingerprintLow = 0;
  }
}

function asBytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new HeddleError('INVALID_ARGUMENT', `body: expected a Buffer or Uint8Array, got ${shown(value)}`);
}
