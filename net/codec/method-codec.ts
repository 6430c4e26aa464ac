// MethodCodec: how the bodies of one method are written, for its callers and for the thread that serves it. `avro()`,
// `json()`, `flatbuffers()` and `bytes()` make them; a contract holds one per method. BodyForm is a codec settled for one
// caller.

import type { CallHead, CallReply, CodecName } from '../../runtime/call.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { FiberContext } from '../../runtime/fiber/context.ts';
import { codecs } from '../../runtime/plugins/codec.ts';
import type { ValueShape } from '../../runtime/value-shape.ts';

/** The four types of a method: what its caller gives and gets, what its handler gets and gives. */
export interface MethodTypes {
  /** What a caller passes: fields with a default may be missing. */
  requestIn: unknown;
  /** What the handler gets: complete. */
  requestOut: unknown;
  /** What the handler returns. */
  responseIn: unknown;
  /** What the caller gets. */
  responseOut: unknown;
}

/** What a handler gives that returns nothing: `void`, which a plain function and an async one both may have. */
export type Nothing = ReturnType<() => void>;

/** What is known of a method's values, as its caller has them: a field that may be missing is one that may be null. */
export interface MethodShapes {
  /** What a caller passes (`requestIn`). */
  readonly request: ValueShape;
  /** What a caller gets (`responseOut`); null when the method answers nothing. */
  readonly response: ValueShape;
}

/** How one method's bodies are written. Values go in and out untyped; `types` carries what the compiler knows. */
export interface MethodCodec<Types extends MethodTypes = MethodTypes> {
  /** Types only; never set. */
  readonly types?: Types;
  /** The built-in codecs its bodies may travel in, the preferred one first; undefined: any, uninterpreted. */
  readonly codecs: readonly CodecName[] | undefined;
  /** Both schemas as one text, for a server that has not met this version; undefined: nothing to show. */
  readonly schemaText: string | undefined;

  /**
   * Serving side: the form in which this caller writes and reads. One lookup, nothing allocated. Undefined: the caller has
   * a schema version that this thread does not know; `learn` it. Throws UNIMPLEMENTED (a codec that the contract can't
   * travel in), INVALID_ARGUMENT (no version given) or FAILED_PRECONDITION (a version known not to fit).
   */
  formFor(head: CallHead, methodName: string): BodyForm | undefined;
  /**
   * Serving side: takes the caller's schemas from the request's metadata. Throws FAILED_PRECONDITION when they are not
   * there (and asks for them in the fiber's reply metadata, which must go out with the error) or don't fit.
   */
  learn(head: CallHead, fiber: FiberContext, methodName: string): BodyForm;
  /**
   * Serving side: what stands for the value that a handler has just returned, where that value could be written over before
   * the answer is made, which is when all fibers of the request have ended. Undefined: never.
   */
  returned?(value: unknown): unknown;

  /**
   * Calling side: writes the request's body, codec and fingerprint into the head, behind the metadata that is there.
   * Valid until the thread's next message is written. Throws INVALID_ARGUMENT naming the path.
   */
  writeRequest(request: unknown, head: CallHead, codec: CodecName | undefined): void;
  /** Calling side: the value of a successful reply; holds no view of it. Throws HeddleError saying why not. */
  readResponse(reply: CallReply): unknown;

  /** For those who check texts that make requests or read responses, on any thread. Worked out when first asked for. */
  shapes(): MethodShapes;
}

/** A codec settled for one caller: it knows codec and schema versions, and holds nothing of the call. */
export interface BodyForm {
  /** The request in private memory that is never overwritten. Throws INVALID_ARGUMENT naming the path. */
  decode(source: Buffer, start: number, end: number): unknown;
  /**
   * Writes source, body, codec and fingerprint of the reply, behind the metadata that is there (which moves along). Valid
   * until the thread's next message is written. Throws INVALID_ARGUMENT naming the path of what does not fit.
   */
  encode(value: unknown, reply: CallReply): void;
  /** What a request failed with, as its caller gets it: where bytes of strangers are told only by what they broke. */
  failure?(error: HeddleError): HeddleError;
}

/** The refusal of a body in a codec that the method can't travel in. */
export function unsupportedCodec(methodName: string, names: readonly CodecName[], id: number): HeddleError {
  return new HeddleError(
    'UNIMPLEMENTED',
    `${methodName} can travel in ${names.join(' or ')}, not in ${codecs.shown(id)}; send it in one of those`,
  );
}

/** What `learn` does where there are no versions to learn. */
export function nothingToLearn(methodName: string): never {
  throw new HeddleError('INTERNAL', `${methodName} has no schema versions`);
}
