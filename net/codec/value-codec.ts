// Value codecs at work: bytes to a plain value and back, for every method whose contract checks values (avro(), json()).
// The codec comes from a plugin and its bytes from strangers, so what it makes of them is checked before a schema looks
// at it: only what JSON has, not too deep, and no more of it than the bytes can account for.

import type { CallHead, CallReply } from '../../runtime/call.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { codecs, isValueCodec, type ValueCodec } from '../../runtime/plugins/codec.ts';
import { bodyDepthMax, bodyFault, shown, tooDeep, trail } from './body-fault.ts';
import { type BodyForm, unsupportedCodec } from './method-codec.ts';
import { placeBytes } from './scratch.ts';

/**
 * Values (leaves, arrays and objects) that one byte may stand for, beside `valuesFloor`: a format with references could
 * fold an endless value into a few bytes.
 */
const valuesPerByte = 8;
const valuesFloor = 1_024;

/** What a contract's codec knows of its values: how they look in JSON. */
export interface PlainForm {
  /** The request of a plain value: checked. Undefined stands for an empty body. */
  requestOf(plain: unknown): unknown;
  /** The plain value of a response; undefined: an empty body. */
  plainOf(response: unknown): unknown;
}

/** The forms of one method in value codecs, each made when it is first met. */
export class ValueForms {
  readonly #plain: PlainForm;
  /** By codec id. */
  readonly #forms: (ValueForm | undefined)[] = [];

  constructor(plain: PlainForm) {
    this.#plain = plain;
  }

  /** Throws UNIMPLEMENTED when the thread has no such codec, or one that is a label only. */
  find(id: number, methodName: string, builtIn: readonly string[]): BodyForm {
    const known = this.#forms[id];
    if (known !== undefined) return known;
    const form = new ValueForm(valueCodecOf(id, methodName, builtIn), this.#plain);
    this.#forms[id] = form;
    return form;
  }
}

/** A value codec, settled for one method. */
class ValueForm implements BodyForm {
  readonly #codec: ValueCodec;
  readonly #plain: PlainForm;

  constructor(codec: ValueCodec, plain: PlainForm) {
    this.#codec = codec;
    this.#plain = plain;
  }

  decode(source: Buffer, start: number, end: number): unknown {
    return this.#plain.requestOf(readPlain(this.#codec, source, start, end));
  }

  encode(value: unknown, reply: CallReply): void {
    writePlain(this.#codec, this.#plain.plainOf(value), reply);
  }
}

/**
 * Calling side: writes the plain value of a request in the codec that the caller names. Throws INVALID_ARGUMENT for one
 * that is unknown, UNIMPLEMENTED for one that carries no values.
 */
export function writePlainRequest(name: string, builtIn: readonly string[], plain: unknown, head: CallHead): void {
  writePlain(valueCodecOf(codecs.idOf(name), 'this method', builtIn), plain, head);
}

/** Calling side: the plain value of a reply in some other codec than the contract's own. */
export function readPlainReply(reply: CallReply, builtIn: readonly string[]): unknown {
  return readPlain(valueCodecOf(reply.codec, 'it', builtIn), reply.source, reply.bodyStart, reply.bodyEnd);
}

function valueCodecOf(id: number, methodName: string, builtIn: readonly string[]): ValueCodec {
  const codec = codecs.ofId(id);
  if (isValueCodec(codec)) return codec;
  throw unsupportedCodec(methodName, [...builtIn, ...codecs.valueCodecs.map(({ name }) => name)], id);
}

/** Undefined: the body is empty. */
function readPlain(codec: ValueCodec, source: Buffer, start: number, end: number): unknown {
  if (start === end) return undefined;
  let value: unknown;
  try {
    value = codec.read(source.subarray(start, end));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new HeddleError('INVALID_ARGUMENT', `the body is not ${codec.name}: ${why}`, { cause });
  }
  valuesLeft = valuesFloor + valuesPerByte * (end - start);
  valuesOf = codec.name;
  checkPlain(value, 0);
  return value;
}

function writePlain(codec: ValueCodec, plain: unknown, message: CallHead | CallReply): void {
  placeBytes(message, plain === undefined ? nothing : written(codec, plain));
  message.codec = codec.id;
  message.fingerprintHigh = 0;
  message.fingerprintLow = 0;
}

function written(codec: ValueCodec, plain: unknown): Uint8Array {
  let bytes: unknown;
  try {
    bytes = codec.write(plain);
  } catch (cause) {
    throw new HeddleError('INTERNAL', `codec ${codec.name} could not write the value: ${String(cause)}`, { cause });
  }
  if (bytes instanceof Uint8Array && bytes.length > 0) return bytes;
  throw new HeddleError(
    'INTERNAL',
    `codec ${codec.name} wrote ${shown(bytes)} instead of a Uint8Array with bytes in it`,
  );
}

// Of the value under way: walkers never yield.
let valuesLeft = 0;
let valuesOf = '';

function checkPlain(value: unknown, depth: number): void {
  if (--valuesLeft < 0) {
    throw new HeddleError(
      'INVALID_ARGUMENT',
      `the body unfolds to over ${valuesPerByte} values per byte; ${valuesOf} refers to the same parts again and again`,
    );
  }
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return;
    case 'number':
      if (Number.isFinite(value)) return;
      break;
    case 'object':
      if (value === null) return;
      if (Array.isArray(value)) {
        checkArray(value, depth);
        return;
      }
      if (isPlainObject(value)) {
        checkObject(value, depth);
        return;
      }
  }
  throw bodyFault(depth, `${valuesOf} read ${shown(value)}, which JSON does not have`);
}

function checkArray(values: readonly unknown[], depth: number): void {
  if (depth === bodyDepthMax) throw tooDeep();
  for (let index = 0; index < values.length; index++) {
    trail[depth] = index;
    checkPlain(values[index], depth + 1);
  }
}

function checkObject(value: { readonly [key: string]: unknown }, depth: number): void {
  if (depth === bodyDepthMax) throw tooDeep();
  for (const key of Object.keys(value)) {
    trail[depth] = key;
    checkPlain(value[key], depth + 1);
  }
}

function isPlainObject(value: object): value is { readonly [key: string]: unknown } {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const nothing = new Uint8Array(0);
