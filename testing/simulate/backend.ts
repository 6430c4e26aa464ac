// backend: what stands for a service that simulated code calls and that runs elsewhere in production. A test writes its
// answers as functions; they run in the test itself, beside the simulation, and wait in virtual time.

import {
  type Contract,
  type ContractMethod,
  methodsOf,
  serviceName,
  type TypesOf,
} from '../../net/service/contract.ts';
import { HeddleError } from '../../runtime/errors.ts';

/** One call that a backend has got. */
export interface BackendCall {
  /** Waits so long in virtual time, ms. Rejects when the caller no longer wants the answer. */
  sleep(delayMs: number): Promise<void>;
  /** Aborted when the caller no longer wants the answer, or is gone. */
  readonly signal: AbortSignal;
  /** 1 for the first try. */
  readonly attempt: number;
  /** What the caller leaves of its time, ms; Infinity: it has set no end. */
  remainingMs(): number;
  /** Virtual time, ms. */
  nowMs(): number;
  /** In [0, 1), from the seed. */
  random(): number;
}

/** Answers of a backend, by method: as the handlers of a service, with a BackendCall for the fiber. */
export type BackendAnswers<Service extends Contract> = {
  readonly [Name in keyof Service & string]?: (
    request: TypesOf<Service[Name]>['requestOut'],
    call: BackendCall,
  ) => TypesOf<Service[Name]>['responseIn'] | Promise<TypesOf<Service[Name]>['responseIn']>;
};

export type UntypedAnswer = (request: unknown, call: BackendCall) => unknown;

/** A service that runs elsewhere; `backend()` makes it. */
export interface Backend {
  /** As its contract names it. */
  readonly service: string;
  readonly methods: ReadonlyMap<string, ContractMethod>;
  readonly answers: ReadonlyMap<string, UntypedAnswer>;
}

/**
 * Stands for a service that `clients` of heddle.yaml names. What an answer throws the caller gets; a method without an
 * answer is UNIMPLEMENTED. In an answer wait by `call.sleep` alone: other timers run in real time.
 *
 *     backend(Users, { get: async ({ id }, call) => (await call.sleep(80), { id, name: 'Ada' }) })
 *
 * Throws INVALID_ARGUMENT for an answer to a method that the contract does not have.
 */
export function backend<Service extends Contract>(contract: Service, answers: BackendAnswers<Service>): Backend {
  const service = contract[serviceName];
  const methods = new Map(methodsOf(contract).map((method) => [method.method, method]));
  for (const name of Object.keys(answers)) {
    if (methods.has(name)) continue;
    const known = [...methods.keys()].join(', ');
    throw new HeddleError('INVALID_ARGUMENT', `${service} has no method ${name}; it has ${known}`);
  }
  // The types above have checked each against its method.
  return { service, methods, answers: new Map(Object.entries(answers) as [string, UntypedAnswer][]) };
}
