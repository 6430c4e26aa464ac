// Contracts: which methods a service has and how their bodies are written. One module with a contract is shared by the
// service and its callers; types flow from its schemas to handlers and calls. Plain data and codecs, no connection.

import { HeddleError } from '../../runtime/errors.ts';
import type { MethodRef } from '../../runtime/fiber/context.ts';
import type { MethodCodec, MethodTypes } from '../codec/method-codec.ts';

/** What a contract says of a method beside its schemas. */
export interface MethodOptions<Request = unknown> {
  /** It changes nothing: GET is allowed over http, and callers may repeat it (idempotent unless they say otherwise). Default false. */
  reads?: boolean;
  /** Nobody waits for an answer: callers `send` it. Default false. */
  oneWay?: boolean;
  /** A request that any reader may try: `heddle start` prints it as a command to paste. One that does not fit its schema fails the start. */
  example?: Request;
}

/** A method before its service gives it a name: what `method()` returns. */
export interface MethodDefinition<Types extends MethodTypes = MethodTypes> {
  readonly codec: MethodCodec<Types>;
  readonly reads: boolean;
  readonly oneWay: boolean;
  /** As a caller passes it; undefined: none. */
  readonly example?: unknown;
}

/** A method of a contract; `fiber.call` and clients take it. */
export interface ContractMethod<Types extends MethodTypes = MethodTypes>
  extends MethodRef<Types['requestIn'], Types['responseOut']>,
    MethodDefinition<Types> {
  /** `movies.Rank/score`: for errors and logs. */
  readonly fullName: string;
}

/** The methods of a service by name; what `service()` returns. */
export type Contract<Definitions extends MethodDefinitions = MethodDefinitions> = {
  readonly [Name in keyof Definitions & string]: ContractMethod<TypesOf<Definitions[Name]>>;
} & { readonly [serviceName]: string };

export type MethodDefinitions = { readonly [name: string]: MethodDefinition };
/** The types of a method of either form. */
export type TypesOf<Method> = Method extends { readonly codec: MethodCodec<infer Types> } ? Types : never;

/** Where a contract keeps its service's name; the same in every copy of this package. */
export const serviceName: unique symbol = Symbol.for('heddle.service');

/** Bytes of a service's and of a method's name: a frame's head has one byte for each length. */
export const nameMaxBytes = 255;

/** One method: `method(avro({…}, {…}), { reads: true })`. */
export function method<Types extends MethodTypes>(
  codec: MethodCodec<Types>,
  options: MethodOptions<Types['requestIn']> = {},
): MethodDefinition<Types> {
  return { codec, reads: options.reads ?? false, oneWay: options.oneWay ?? false, example: options.example };
}

/**
 * A service's contract: `service('demo.Greeter', { greet: method(…) })`. Throws INVALID_ARGUMENT for a name that is not
 * letters, digits and `_`, with dots between in the service's.
 */
export function service<Definitions extends MethodDefinitions>(
  name: string,
  methods: Definitions,
): Contract<Definitions> {
  if (!servicePattern.test(name) || name.length > nameMaxBytes) throw badName('service', name);
  const contract: { [key: string | symbol]: unknown } = { [serviceName]: name };
  for (const [methodName, definition] of Object.entries(methods)) {
    if (!methodPattern.test(methodName) || methodName.length > nameMaxBytes || reserved.has(methodName)) {
      throw badName(`method of ${name}`, methodName);
    }
    const ref: ContractMethod = {
      service: name,
      method: methodName,
      fullName: `${name}/${methodName}`,
      codec: definition.codec,
      reads: definition.reads,
      oneWay: definition.oneWay,
      example: definition.example,
    };
    contract[methodName] = Object.freeze(ref);
  }
  return Object.freeze(contract) as Contract<Definitions>;
}

/** The methods of a contract, in the order in which it names them. */
export function methodsOf(contract: Contract): ContractMethod[] {
  return Object.values(contract);
}

/** The whole method behind a reference. Throws INVALID_ARGUMENT when it is not one of a contract. */
export function contractMethod(ref: MethodRef<unknown, unknown>): ContractMethod {
  if ('codec' in ref && 'fullName' in ref) return ref as ContractMethod;
  throw new HeddleError(
    'INVALID_ARGUMENT',
    `${ref.service}/${ref.method} is not a method of a contract; pass one as service() made it, as Greeter.greet`,
  );
}

const servicePattern = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;
const methodPattern = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** `then` would make a client look like a promise; the others are every object's own. */
const reserved: ReadonlySet<string> = new Set(['then', 'constructor', '__proto__']);

function badName(what: string, name: string): HeddleError {
  return new HeddleError(
    'INVALID_ARGUMENT',
    `${JSON.stringify(name.slice(0, 100))} can't name a ${what}: use letters, digits and _ (dots in a service's name), at most ${nameMaxBytes}, and not ${[...reserved].join(', ')}`,
  );
}
