// avro(): bodies by Avro schemas, in Avro's binary form, as plain JSON, or in a codec of a plugin, which carries what JSON
// does. A caller's head carries the fingerprint of its version of both schemas. Ours: read straight. Another: read and
// answered in the caller's version, through projections that are built once. Unknown: the caller is asked to bring it.
// Serves on the fiber's thread, calls from any.

import { type CallHead, type CallReply, type CodecName, codecIds } from '../../runtime/call.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { FiberContext } from '../../runtime/fiber/context.ts';
import { canonicalPair, type Fingerprint, fingerprintOf } from './avro-canonical.ts';
import type { AvroIn, AvroOut, AvroSchema } from './avro-infer.ts';
import { valueFromJson, valueToJson } from './avro-json.ts';
import { type AvroNode, avroKinds } from './avro-schema.ts';
import { shapeOfAvro } from './avro-shape.ts';
import { AvroType } from './avro-type.ts';
import { VersionForm } from './avro-version.ts';
import { parseJsonBody } from './json-text.ts';
import { LearntForms } from './learnt-forms.ts';
import type { BodyForm, MethodCodec, MethodShapes, Nothing } from './method-codec.ts';
import { type QueryShape, queryShapeOfAvro, readQuery } from './query.ts';
import { isQuery } from './query-mark.ts';
import { writeBody, writeText } from './scratch.ts';
import { readPlainReply, ValueForms, writePlainRequest } from './value-codec.ts';

/** Reply metadata by which a server asks for the caller's schemas; its value is `1`. */
export const needSchemaKey = 'heddle-need-schema';
/** Request metadata in which a caller brings them: a JSON array of request schema and response schema. */
export const schemaKey = 'heddle-schema';

export interface AvroOptions {
  /** Earlier versions, [request, response] each, whose callers are then served without being asked for their schemas. */
  accepts?: readonly (readonly [AvroSchema, AvroSchema])[];
}

export interface AvroTypes<Request, Response> {
  requestIn: AvroIn<Request>;
  requestOut: AvroOut<Request>;
  /** A method that answers `null` need not return anything. */
  responseIn: [Response] extends ['null'] ? null | Nothing : AvroIn<Response>;
  responseOut: AvroOut<Response>;
}

/**
 * Bodies by Avro schemas; the types of request and response follow from the schemas as written. `response` is `null`
 * unless given. Throws INVALID_ARGUMENT naming the place in a schema that is wrong, and FAILED_PRECONDITION naming the
 * field when a version in `accepts` can't be served.
 */
export function avro<const Request extends AvroSchema, const Response extends AvroSchema = 'null'>(
  request: Request,
  response?: Response,
  options: AvroOptions = {},
): MethodCodec<AvroTypes<Request, Response>> {
  return new AvroCodec(request, response ?? 'null', options.accepts ?? []);
}

class AvroCodec implements MethodCodec {
  readonly codecs: readonly CodecName[] = ['avro', 'json'];
  readonly schemaText: string;
  readonly #request: AvroType;
  readonly #response: AvroType;
  readonly #own: Fingerprint;
  readonly #straight: BodyForm;
  readonly #json: BodyForm;
  /** For requests made of query parameters; made on first use. */
  #query: BodyForm | undefined;
  /** In codecs of plugins. */
  readonly #values: ValueForms;
  /** Made on first use. */
  #shapes: MethodShapes | undefined;
  readonly #accepted: (Fingerprint & { form: BodyForm })[] = [];
  readonly #learnt = new LearntForms();

  constructor(request: AvroSchema, response: AvroSchema, accepts: readonly (readonly [AvroSchema, AvroSchema])[]) {
    this.#request = new AvroType(request);
    this.#response = new AvroType(response);
    this.schemaText = canonicalPair(this.#request.node, this.#response.node);
    this.#own = fingerprintOf(this.schemaText);
    this.#straight = new StraightForm(this.#request, this.#response, this.#own);
    this.#json = new JsonForm(this.#request.node, this.#response.node, undefined);
    const { node: requestNode } = this.#request;
    const { node: responseNode } = this.#response;
    this.#values = new ValueForms({
      requestOf: (plain) => fromPlain(requestNode, plain),
      plainOf: (value) => toPlain(responseNode, value),
    });
    for (const [oldRequest, oldResponse] of accepts) {
      this.#accepted.push(this.#version(new AvroType(oldRequest), new AvroType(oldResponse)));
    }
  }

  formFor(head: CallHead, methodName: string): BodyForm | undefined {
    if (head.codec === codecIds.json) return isQuery(head) ? this.#queryForm() : this.#json;
    if (head.codec !== codecIds.avro) return this.#values.find(head.codec, methodName, this.codecs);
    const { fingerprintHigh: high, fingerprintLow: low } = head;
    if (high === this.#own.high && low === this.#own.low) return this.#straight;
    for (const accepted of this.#accepted) {
      if (high === accepted.high && low === accepted.low) return accepted.form;
    }
    const form = this.#learnt.find(high, low);
    if (form instanceof HeddleError) throw form;
    if (form === undefined && high === 0 && low === 0) {
      throw new HeddleError(
        'INVALID_ARGUMENT',
        `an Avro body for ${methodName} needs the fingerprint of the schemas it was written with: without it a body in another version would be misread in silence; see docs/contracts.md`,
      );
    }
    return form;
  }

  learn(head: CallHead, fiber: FiberContext, methodName: string): BodyForm {
    const { fingerprintHigh: high, fingerprintLow: low } = head;
    const text = fiber.metadata.get(schemaKey);
    if (text === undefined) {
      fiber.replyMetadata.set(needSchemaKey, '1');
      throw new HeddleError(
        'FAILED_PRECONDITION',
        `${methodName} does not know schema version ${hex(high, low)}; send it once more with its schemas in the metadata ${schemaKey}`,
        { retry: 'yes' },
      );
    }
    const [request, response] = parsePair(text);
    const canonicalText = canonicalPair(request.node, response.node);
    const textBytes = Buffer.byteLength(canonicalText);
    const fingerprint = fingerprintOf(canonicalText);
    if (fingerprint.high !== high || fingerprint.low !== low) {
      throw new HeddleError(
        'INVALID_ARGUMENT',
        `the schemas in ${schemaKey} have the fingerprint ${hex(fingerprint.high, fingerprint.low)}, the head says ${hex(high, low)}`,
      );
    }
    try {
      const { form } = this.#version(request, response);
      this.#learnt.learn(fingerprint, form, textBytes);
      return form;
    } catch (reason) {
      const error = misfit(methodName, reason);
      this.#learnt.learn(fingerprint, error, textBytes);
      throw error;
    }
  }

  writeRequest(request: unknown, head: CallHead, codec: CodecName | undefined): void {
    if (codec === 'json') {
      writeJson(this.#request.node, request, head);
      head.codec = codecIds.json;
      head.fingerprintHigh = 0;
      head.fingerprintLow = 0;
      return;
    }
    if (codec !== undefined && codec !== 'avro') {
      writePlainRequest(codec, this.codecs, toPlain(this.#request.node, request), head);
      return;
    }
    writeBody(head, request, this.#request.write);
    head.codec = codecIds.avro;
    head.fingerprintHigh = this.#own.high;
    head.fingerprintLow = this.#own.low;
  }

  readResponse(reply: CallReply): unknown {
    const { source, bodyStart, bodyEnd } = reply;
    if (reply.codec === codecIds.json) return readJson(this.#response.node, source, bodyStart, bodyEnd);
    if (reply.codec !== codecIds.avro) return fromPlain(this.#response.node, readPlainReply(reply, this.codecs));
    if (reply.fingerprintHigh !== this.#own.high || reply.fingerprintLow !== this.#own.low) {
      const written = hex(reply.fingerprintHigh, reply.fingerprintLow);
      throw new HeddleError('INTERNAL', `it was written in schema version ${written} instead of the caller's own`);
    }
    return this.#response.decode(source, bodyStart, bodyEnd);
  }

  shapes(): MethodShapes {
    this.#shapes ??= {
      request: shapeOfAvro(this.#request.node, { optionalDefaults: true }),
      response: shapeOfAvro(this.#response.node, { optionalDefaults: false }),
    };
    return this.#shapes;
  }

  #queryForm(): BodyForm {
    const { node } = this.#request;
    this.#query ??= new JsonForm(node, this.#response.node, queryShapeOfAvro(node));
    return this.#query;
  }

  #version(request: AvroType, response: AvroType): Fingerprint & { form: BodyForm } {
    const fingerprint = fingerprintOf(canonicalPair(request.node, response.node));
    const theirs = { request, response, fingerprint };
    return { ...fingerprint, form: new VersionForm(theirs, { request: this.#request, response: this.#response }) };
  }
}

/** Bodies in the schemas of this contract. */
class StraightForm implements BodyForm {
  readonly #request: AvroType;
  readonly #response: AvroType;
  readonly #fingerprint: Fingerprint;

  constructor(request: AvroType, response: AvroType, fingerprint: Fingerprint) {
    this.#request = request;
    this.#response = response;
    this.#fingerprint = fingerprint;
  }

  decode(source: Buffer, start: number, end: number): unknown {
    return this.#request.decode(source, start, end);
  }

  encode(value: unknown, reply: CallReply): void {
    writeBody(reply, value, this.#response.write);
    reply.codec = codecIds.avro;
    reply.fingerprintHigh = this.#fingerprint.high;
    reply.fingerprintLow = this.#fingerprint.low;
  }
}

/** Bodies as plain JSON: checked against the schemas of this contract, whatever version the caller has. */
class JsonForm implements BodyForm {
  readonly #request: AvroNode;
  readonly #response: AvroNode;
  /** Requests come as query parameters, whose values are all text. */
  readonly #query: QueryShape | undefined;

  constructor(request: AvroNode, response: AvroNode, query: QueryShape | undefined) {
    this.#request = request;
    this.#response = response;
    this.#query = query;
  }

  decode(source: Buffer, start: number, end: number): unknown {
    if (this.#query === undefined) return readJson(this.#request, source, start, end);
    return valueFromJson(this.#request, readQuery(this.#query, parseJsonBody(source, start, end)));
  }

  encode(value: unknown, reply: CallReply): void {
    writeJson(this.#response, value, reply);
    reply.codec = codecIds.json;
    reply.fingerprintHigh = 0;
    reply.fingerprintLow = 0;
  }
}

function readJson(node: AvroNode, source: Buffer, start: number, end: number): unknown {
  // An empty body is how HTTP says "nothing".
  if (start === end && node.kind === avroKinds.null) return null;
  return valueFromJson(node, parseJsonBody(source, start, end));
}

/** Undefined: the body was empty. */
function fromPlain(node: AvroNode, plain: unknown): unknown {
  return plain === undefined && node.kind === avroKinds.null ? null : valueFromJson(node, plain);
}

function toPlain(node: AvroNode, value: unknown): unknown {
  return valueToJson(node, value === undefined && node.kind === avroKinds.null ? null : value);
}

function writeJson(node: AvroNode, value: unknown, message: CallHead | CallReply): void {
  writeBody(message, JSON.stringify(toPlain(node, value)), writeText);
}

function parsePair(text: string): [AvroType, AvroType] {
  try {
    const pair: unknown = JSON.parse(text);
    if (!Array.isArray(pair) || pair.length !== 2) throw new Error('expected a JSON array of two schemas');
    return [new AvroType(pair[0]), new AvroType(pair[1])];
  } catch (error) {
    throw new HeddleError('INVALID_ARGUMENT', `the metadata ${schemaKey} is wrong: ${(error as Error).message}`);
  }
}

function misfit(methodName: string, error: unknown): HeddleError {
  const { message } = HeddleError.from(error);
  return new HeddleError('FAILED_PRECONDITION', `the caller's version of ${methodName} does not fit: ${message}`);
}

function hex(high: number, low: number): string {
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}
