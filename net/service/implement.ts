// implement(): the handlers of a contract, checked against it by the compiler and once more when they are loaded. A
// service's module exports the result by default; net/service/load-services.ts picks it up on the threads that serve.

import { HeddleError } from '../../runtime/errors.ts';
import type { FiberContext } from '../../runtime/fiber/context.ts';
import { isPromiseLike } from '../../runtime/fiber/promise-like.ts';
import type { MethodTypes } from '../codec/method-codec.ts';
import { type Contract, methodsOf, serviceName, type TypesOf } from './contract.ts';

/** Answers one request, in a fiber of its own. The request is its alone. */
export type Handler<Types extends MethodTypes> = (
  request: Types['requestOut'],
  fiber: FiberContext,
) => Types['responseIn'] | PromiseLike<Types['responseIn']>;

/** One handler for each method of a contract. */
export type Handlers<Service> = {
  readonly [Name in keyof Service & string]: Handler<TypesOf<Service[Name]>>;
};

/** A contract with its handlers. */
export interface Implementation {
  readonly [implementationMark]: true;
  readonly contract: Contract;
  /** By method name; each already knows its `this`. */
  readonly handlers: ReadonlyMap<string, UntypedHandler>;
}

export type UntypedHandler = (request: unknown, fiber: FiberContext) => unknown;

/** The same in every copy of this package: a service may bring its own. */
export const implementationMark: unique symbol = Symbol.for('heddle.implementation');

/**
 * `export default implement(Greeter, { async greet(request, fiber) { … } })`. Throws FAILED_PRECONDITION naming a method
 * that has no handler or a handler that has no method; the compiler finds both first.
 */
export function implement<Service extends Contract>(contract: Service, handlers: Handlers<Service>): Implementation {
  const given = handlers as unknown as { readonly [name: string]: unknown };
  const name = contract[serviceName];
  const bound = new Map<string, UntypedHandler>();
  for (const { method, codec } of methodsOf(contract)) {
    const handler = given[method];
    if (typeof handler !== 'function') throw mismatch(`${name} lacks a handler for its method ${method}`);
    const own: UntypedHandler = handler.bind(handlers);
    bound.set(method, codec.returned === undefined ? own : settling(own, (value) => codec.returned?.(value)));
  }
  for (const key of Object.keys(handlers)) {
    if (typeof given[key] === 'function' && !bound.has(key)) {
      throw mismatch(`${name} has a handler ${key}, which is no method of its contract`);
    }
  }
  return { [implementationMark]: true, contract, handlers: bound };
}

/** `settle` runs as soon as the value is there: before finalizers, filters around the handler, and other requests. */
function settling(handler: UntypedHandler, settle: (value: unknown) => unknown): UntypedHandler {
  return (request, fiber) => {
    const value = handler(request, fiber);
    return isPromiseLike(value) ? value.then(settle) : settle(value);
  };
}

function mismatch(what: string): HeddleError {
  return new HeddleError('FAILED_PRECONDITION', what);
}
