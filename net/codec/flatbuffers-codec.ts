// flatbuffers(): bodies as FlatBuffers, by the classes that flatc generates (`heddle codegen`). A handler gets the accessor
// over the received bytes, where they lie; nothing is unpacked. Serves on the fiber's thread, calls from any.

import { Builder } from 'flatbuffers';
import { type CallHead, type CallReply, type CodecName, codecIds } from '../../runtime/call.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { FiberContext } from '../../runtime/fiber/context.ts';
import { shown } from './body-fault.ts';
import { CheckedBuffer } from './checked-buffer.ts';
import { flatbuffersFault } from './flatbuffers-fault.ts';
import {
  type BodyForm,
  type MethodCodec,
  type MethodShapes,
  type Nothing,
  nothingToLearn,
  unsupportedCodec,
} from './method-codec.ts';
import { placeBytes, scratchKeepBytes } from './scratch.ts';
import { anyShape, nullShape } from './shape-walk.ts';

/** An accessor, as flatc generates one for each table. `never`: any version of npm `flatbuffers` will do. */
export interface FlatbuffersTable {
  __init(at: number, bytes: never): unknown;
}

/** The class of one. */
export type FlatbuffersClass = new () => FlatbuffersTable;

/** Structs have accessors too, but no body consists of one. */
type RootTable<Class> =
  Extract<keyof Class, `getRootAs${string}`> extends never
    ? { readonly 'the class must be one that flatc made of a table, which has getRootAs…': never }
    : unknown;

/** A Builder on which `finish` was called. */
export interface FinishedBuilder {
  asUint8Array(): Uint8Array;
}

/** What may be written for a table: a finished Builder, its bytes, or, with `--gen-object-api`, the table as an object. */
export type FlatbuffersIn<Table> =
  | FinishedBuilder
  | Uint8Array
  | (Table extends { unpack(): infer Unpacked } ? Unpacked : never);

export interface FlatbuffersTypes<Request, Response> {
  requestIn: FlatbuffersIn<Request>;
  requestOut: Request;
  responseIn: Response extends FlatbuffersTable ? FlatbuffersIn<Response> : Nothing;
  responseOut: Response;
}

type TableOf<Class> = Class extends FlatbuffersClass ? InstanceType<Class> : undefined;

/**
 * Bodies as FlatBuffers: `flatbuffers(SearchRequest, SearchReply)`, with the classes of two tables. Without a response the
 * method answers nothing. Handlers and callers read accessors over private bytes, each step checked when it is taken:
 * bytes that lead out of the body fail with INVALID_ARGUMENT. There is no JSON form: HTTP callers send
 * `application/x-flatbuffers`. Throws INVALID_ARGUMENT for what is no generated class.
 */
export function flatbuffers<
  Request extends FlatbuffersClass,
  Response extends FlatbuffersClass | undefined = undefined,
>(
  request: Request & RootTable<Request>,
  response?: Response & (Response extends undefined ? unknown : RootTable<Response>),
): MethodCodec<FlatbuffersTypes<TableOf<Request>, TableOf<Response>>> {
  return new FlatbuffersCodec(
    new TableForm(request as unknown as AnyClass, 'request'),
    response === undefined ? undefined : new TableForm(response as unknown as AnyClass, 'response'),
  );
}

class FlatbuffersCodec implements MethodCodec, BodyForm {
  readonly codecs: readonly CodecName[] = ['flatbuffers'];
  readonly schemaText = undefined;
  readonly #request: TableForm;
  readonly #response: TableForm | undefined;

  constructor(request: TableForm, response: TableForm | undefined) {
    this.#request = request;
    this.#response = response;
  }

  formFor(head: CallHead, methodName: string): BodyForm {
    if (head.codec !== codecIds.flatbuffers) throw unsupportedCodec(methodName, this.codecs, head.codec);
    return this;
  }

  learn(_head: CallHead, _fiber: FiberContext, methodName: string): BodyForm {
    return nothingToLearn(methodName);
  }

  decode(source: Buffer, start: number, end: number): unknown {
    return this.#request.read(source.subarray(start, end));
  }

  /** A Builder may be used again at once, also while finalizers of this request wait. */
  returned(value: unknown): unknown {
    return isFinishedBuilder(value) ? Buffer.from(value.asUint8Array()) : value;
  }

  failure(error: HeddleError): HeddleError {
    return flatbuffersFault(error);
  }

  encode(value: unknown, reply: CallReply): void {
    write(this.#response === undefined ? noBody : this.#response.bytesOf(value), reply);
  }

  writeRequest(request: unknown, head: CallHead, codec: CodecName | undefined): void {
    if (codec !== undefined && codec !== 'flatbuffers') {
      throw new HeddleError('UNIMPLEMENTED', `this method can travel in flatbuffers, not in ${codec}`);
    }
    write(this.#request.bytesOf(request), head);
  }

  readResponse(reply: CallReply): unknown {
    if (reply.codec !== codecIds.flatbuffers) throw unsupportedCodec('it', this.codecs, reply.codec);
    if (this.#response === undefined) return undefined;
    const { source, bodyStart, bodyEnd } = reply;
    const bytes = Buffer.allocUnsafeSlow(bodyEnd - bodyStart);
    source.copy(bytes, 0, bodyStart, bodyEnd);
    return this.#response.read(bytes);
  }

  shapes(): MethodShapes {
    return this.#response === undefined ? answersNothing : unknownShapes;
  }
}

interface AnyTable {
  __init(at: number, bytes: CheckedBuffer): unknown;
}

interface AnyClass {
  new (): AnyTable;
  /** There when the schema says `file_identifier` and this is its `root_type`. */
  bufferHasIdentifier?(bytes: CheckedBuffer): boolean;
}

/** One of the two tables of a method. */
class TableForm {
  readonly #class: AnyClass;
  readonly #name: string;
  /** `finishSearchBuffer`, which writes the file identifier; only the class of a `root_type` has one. */
  readonly #finish: ((builder: Builder, table: number) => void) | undefined;

  constructor(generated: AnyClass, side: 'request' | 'response') {
    const own = typeof generated === 'function' ? Object.getOwnPropertyNames(generated) : [];
    if (typeof generated?.prototype?.__init !== 'function' || !own.some((name) => name.startsWith('getRootAs'))) {
      throw new HeddleError(
        'INVALID_ARGUMENT',
        `flatbuffers(): the ${side} must be a class that flatc made of a table, not ${shown(generated)}; see heddle codegen --help`,
      );
    }
    this.#class = generated;
    this.#name = generated.name;
    const statics = generated as unknown as Record<string, (builder: Builder, table: number) => void>;
    const finish = own.find((name) => finishPattern.test(name));
    this.#finish = finish === undefined ? undefined : (builder, table) => statics[finish]!(builder, table);
  }

  /** The accessor of the root. `bytes` are private and never overwritten. */
  read(bytes: Buffer): unknown {
    const checked = new CheckedBuffer(bytes);
    const root = checked.checkRoot();
    this.#checkIdentifier(checked, bytes);
    return new this.#class().__init(root, checked);
  }

  /** The bytes of what a handler or a caller gave; those of an object are valid until the next one is packed. */
  bytesOf(value: unknown): Uint8Array {
    const bytes = this.#bytesOf(value);
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const checked = new CheckedBuffer(buffer);
    try {
      checked.checkRoot();
    } catch (reason) {
      const { message } = HeddleError.from(reason);
      throw new HeddleError(
        'INVALID_ARGUMENT',
        `${message}; was finish() called on the builder, without a size prefix?`,
      );
    }
    this.#checkIdentifier(checked, buffer);
    return bytes;
  }

  #bytesOf(value: unknown): Uint8Array {
    if (value instanceof Uint8Array) return value;
    if (isFinishedBuilder(value)) return value.asUint8Array();
    if (isPackable(value)) return packed(value, this.#finish);
    throw new HeddleError(
      'INVALID_ARGUMENT',
      `body: expected a finished Builder, bytes or an object with pack() for ${this.#name}, got ${shown(value)}`,
    );
  }

  #checkIdentifier(checked: CheckedBuffer, bytes: Buffer): void {
    const generated = this.#class;
    if (generated.bufferHasIdentifier === undefined || generated.bufferHasIdentifier(checked)) return;
    const found = shown(bytes.toString('latin1', 4, 8));
    throw new HeddleError('INVALID_ARGUMENT', `the body is not ${this.#name}: its file identifier is ${found}`);
  }
}

const finishPattern = /^finish(?!SizePrefixed)[A-Za-z0-9_]+Buffer$/;

/** First size of the Builder that objects are packed with, bytes. */
const builderBytes = 4_096;
/** The thread's one: packing never yields, and what it wrote is carried away before the next. */
let builder: Builder | undefined;

function packed(value: Packable, finish: ((builder: Builder, table: number) => void) | undefined): Uint8Array {
  builder ??= new Builder(builderBytes);
  const target = builder;
  target.clear();
  // A pack that fails leaves it in the middle of a table; a giant would stay with the thread for ever.
  builder = undefined;
  const table = value.pack(target);
  if (finish === undefined) target.finish(table);
  else finish(target, table);
  const bytes = target.asUint8Array();
  if (target.dataBuffer().capacity() <= scratchKeepBytes) builder = target;
  return bytes;
}

interface Packable {
  pack(builder: Builder): number;
}

function isPackable(value: unknown): value is Packable {
  return typeof (value as Packable | null | undefined)?.pack === 'function';
}

function isFinishedBuilder(value: unknown): value is FinishedBuilder {
  return typeof (value as FinishedBuilder | null | undefined)?.asUint8Array === 'function';
}

function write(bytes: Uint8Array, message: CallHead | CallReply): void {
  placeBytes(message, bytes);
  message.codec = codecIds.flatbuffers;
  message.fingerprintHigh = 0;
  message.fingerprintLow = 0;
}

const noBody = new Uint8Array(0);
const unknownShapes: MethodShapes = { request: anyShape, response: anyShape };
const answersNothing: MethodShapes = { request: anyShape, response: nullShape };
