// json(): bodies as JSON, checked by zod schemas on both sides. Serves on the fiber's thread, calls from any. zod comes
// with the contract (its schemas bring their methods along), so threads without such a contract never load it.

import { type CallHead, type CallReply, type CodecName, codecIds } from '../../runtime/call.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { FiberContext } from '../../runtime/fiber/context.ts';
import type { ValueShape } from '../../runtime/value-shape.ts';
import { formatPath } from './body-fault.ts';
import { type ShapeSchema, shapeOfJsonSchema } from './json-shape.ts';
import { parseJsonBody } from './json-text.ts';
import { type BodyForm, type MethodCodec, type MethodShapes, type Nothing, nothingToLearn } from './method-codec.ts';
import { type JsonSchema, type QueryShape, queryShapeOfJsonSchema, readQuery } from './query.ts';
import { isQuery } from './query-mark.ts';
import { writeBody, writeText } from './scratch.ts';
import { nullShape } from './shape-walk.ts';
import { readPlainReply, ValueForms, writePlainRequest } from './value-codec.ts';
import type { ZodInput, ZodOutput, ZodSchema } from './zod-schema.ts';

export interface JsonTypes<Request extends ZodSchema, Response> {
  requestIn: ZodInput<Request>;
  requestOut: ZodOutput<Request>;
  responseIn: Response extends ZodSchema ? ZodInput<Response> : Nothing;
  responseOut: Response extends ZodSchema ? ZodOutput<Response> : undefined;
}

/** Issues of one value that an error lists. */
export const issuesMax = 5;
/** UTF-16 units of one issue's text in an error. */
export const issueMaxLength = 200;

/**
 * Bodies as JSON by zod 4 schemas. The request may transform (the caller sends what goes in, the handler gets what comes
 * out); the response may not, since both sides check it. Without `response` the method answers nothing. Throws
 * INVALID_ARGUMENT when a schema describes what JSON can't carry (dates, bigints, maps).
 */
export function json<Request extends ZodSchema, Response extends ZodSchema | undefined = undefined>(
  request: Request,
  response?: Response,
): MethodCodec<JsonTypes<Request, Response>> {
  checkSchema('request', request, 'input');
  if (response !== undefined) checkSchema('response', response, 'output');
  return new JsonCodec(request, response);
}

class JsonCodec implements MethodCodec, BodyForm {
  readonly codecs: readonly CodecName[] = ['json'];
  readonly schemaText = undefined;
  readonly #request: ZodSchema;
  readonly #response: ZodSchema | undefined;
  /** For requests made of query parameters; made on first use. */
  #query: BodyForm | undefined;
  /** In codecs of plugins. */
  readonly #values: ValueForms;
  /** Made on first use. */
  #shapes: MethodShapes | undefined;

  constructor(request: ZodSchema, response: ZodSchema | undefined) {
    this.#request = request;
    this.#response = response;
    this.#values = new ValueForms({
      requestOf: (plain) => checked(this.#request, plain),
      plainOf: (value) => plainOf(this.#checkedResponse(value)),
    });
  }

  formFor(head: CallHead, methodName: string): BodyForm {
    if (head.codec !== codecIds.json) return this.#values.find(head.codec, methodName, this.codecs);
    return isQuery(head) ? this.#queryForm() : this;
  }

  learn(_head: CallHead, _fiber: FiberContext, methodName: string): BodyForm {
    return nothingToLearn(methodName);
  }

  decode(source: Buffer, start: number, end: number): unknown {
    return checked(this.#request, parsed(source, start, end));
  }

  encode(value: unknown, reply: CallReply): void {
    writeJson(this.#checkedResponse(value), reply);
  }

  writeRequest(request: unknown, head: CallHead, codec: CodecName | undefined): void {
    // Sent as given: a transform would run twice. The service checks it.
    if (codec === undefined || codec === 'json') writeJson(request, head);
    else writePlainRequest(codec, this.codecs, plainOf(request), head);
  }

  readResponse(reply: CallReply): unknown {
    if (this.#response === undefined) return undefined;
    const plain =
      reply.codec === codecIds.json
        ? parsed(reply.source, reply.bodyStart, reply.bodyEnd)
        : readPlainReply(reply, this.codecs);
    return checked(this.#response, plain);
  }

  shapes(): MethodShapes {
    this.#shapes ??= {
      request: shapeOfZod(this.#request, 'input'),
      response: this.#response === undefined ? nullShape : shapeOfZod(this.#response, 'output'),
    };
    return this.#shapes;
  }

  /** What zod returns is sent, not what the handler did: keys that the schema does not name stay here. */
  #checkedResponse(value: unknown): unknown {
    return this.#response === undefined ? undefined : checked(this.#response, value);
  }

  #queryForm(): BodyForm {
    if (this.#query === undefined) {
      // The part of JSON Schema that is looked at; zod's own type says more.
      const schema = this.#request.toJSONSchema({ io: 'input' }) as JsonSchema;
      this.#query = new QueryForm(this, this.#request, queryShapeOfJsonSchema(schema));
    }
    return this.#query;
  }
}

/** Requests that come as query parameters, whose values are all text. */
class QueryForm implements BodyForm {
  readonly #codec: JsonCodec;
  readonly #request: ZodSchema;
  readonly #shape: QueryShape;

  constructor(codec: JsonCodec, request: ZodSchema, shape: QueryShape) {
    this.#codec = codec;
    this.#request = request;
    this.#shape = shape;
  }

  decode(source: Buffer, start: number, end: number): unknown {
    return checked(this.#request, readQuery(this.#shape, parsed(source, start, end)));
  }

  encode(value: unknown, reply: CallReply): void {
    this.#codec.encode(value, reply);
  }
}

function shapeOfZod(schema: ZodSchema, io: 'input' | 'output'): ValueShape {
  const jsonSchema = schema.toJSONSchema({
    io,
    override({ zodSchema, jsonSchema: written }) {
      // These take anything, though zod writes what they make of it.
      const { def } = zodSchema._zod;
      const takesAnything = def.type === 'catch' || ('coerce' in def && def.coerce === true);
      if (io === 'input' && takesAnything) for (const key of Object.keys(written)) delete written[key];
    },
  });
  return shapeOfJsonSchema(jsonSchema as ShapeSchema);
}

function parsed(source: Buffer, start: number, end: number): unknown {
  // JSON has no word for undefined: an empty body stands for it.
  return start === end ? undefined : parseJsonBody(source, start, end);
}

/** What a reader of the value's JSON would get: for codecs that carry plain values. */
function plainOf(value: unknown): unknown {
  const text = jsonText(value);
  return text === undefined ? undefined : JSON.parse(text);
}

function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new HeddleError('INVALID_ARGUMENT', `the value has no JSON form: ${(error as Error).message.split('\n')[0]}`);
  }
}

function writeJson(value: unknown, message: CallHead | CallReply): void {
  writeBody(message, jsonText(value) ?? '', writeText);
  message.codec = codecIds.json;
  message.fingerprintHigh = 0;
  message.fingerprintLow = 0;
}

function checked(schema: ZodSchema, value: unknown): unknown {
  const result = safeParse(schema, value);
  if (result.success) return result.data;
  const { issues } = result.error;
  const lines = issues.slice(0, issuesMax).map(({ path, message }) => {
    const text = message.length > issueMaxLength ? `${message.slice(0, issueMaxLength)}…` : message;
    return `${formatPath(path)}: ${text}`;
  });
  if (issues.length > issuesMax) lines.push(`and ${issues.length - issuesMax} more`);
  throw new HeddleError('INVALID_ARGUMENT', lines.join('; '));
}

function safeParse(schema: ZodSchema, value: unknown): ReturnType<ZodSchema['safeParse']> {
  try {
    return schema.safeParse(value);
  } catch (cause) {
    // A refinement or transform threw, or is async.
    const message = 'a check in the zod schema failed to run; checks must be synchronous and must not throw';
    throw new HeddleError('INTERNAL', message, { cause });
  }
}

function checkSchema(side: 'request' | 'response', schema: ZodSchema, io: 'input' | 'output'): void {
  if (typeof schema?.safeParse !== 'function' || typeof schema.toJSONSchema !== 'function') {
    throw new HeddleError(
      'INVALID_ARGUMENT',
      `json(): the ${side} must be a zod 4 schema (4.2 or newer), as z.object({ … })`,
    );
  }
  let transforms = false;
  try {
    schema.toJSONSchema({
      io,
      override: ({ zodSchema }) => {
        const { type } = zodSchema._zod.def;
        if (type === 'pipe' || type === 'transform') transforms = true;
      },
    });
  } catch (error) {
    throw new HeddleError(
      'INVALID_ARGUMENT',
      `json(): the ${side} can't travel as JSON: ${(error as Error).message}; use what JSON has, as z.iso.datetime() for a date`,
      { cause: error },
    );
  }
  if (transforms && io === 'output') {
    throw new HeddleError(
      'INVALID_ARGUMENT',
      'json(): the response transforms its value (transform, pipe, codec or preprocess), which would run on both sides; do that in the handler',
    );
  }
}
