// loadServices: the modules that a config names, imported on the thread that serves them, each checked against its
// contract. Called once per CPU thread (and IO thread, for pool `io`) before the thread says that it is ready.

import { HeddleError } from '../../runtime/errors.ts';
import { fileOf, moduleProblem } from '../../runtime/module-problem.ts';
import type { ServerChain } from '../filters/server-chain.ts';
import { type ContractMethod, methodsOf, serviceName } from './contract.ts';
import { type Implementation, implementationMark, type UntypedHandler } from './implement.ts';
import { MethodProcessor } from './processor.ts';

/** One service to load; a ServiceSettings is one. */
export interface ServiceModule {
  /** As the config calls it; the contract must call it so too. */
  readonly name: string;
  /** URL of the module that default-exports `implement(…)`. */
  readonly moduleUrl: string;
  /** Run handlers inside AsyncLocalStorage. Default false. */
  readonly asyncContext?: boolean;
}

/** What lies around the handler of a method; undefined: nothing. */
export type ChainOf = (method: ContractMethod, handler: UntypedHandler) => ServerChain | undefined;

/**
 * Imports all of them and returns their methods, in order. Throws one FAILED_PRECONDITION that names each module that is
 * wrong and why: it does not load, exports something else, is of another service, lacks a handler, is listed twice.
 */
export async function loadServices(
  modules: readonly ServiceModule[],
  chainOf: ChainOf = () => undefined,
): Promise<MethodProcessor[]> {
  const outcomes = await Promise.allSettled(modules.map((module) => loadService(module, chainOf)));
  const problems: string[] = [];
  const processors: MethodProcessor[] = [];
  const causes: unknown[] = [];
  const names = new Set<string>();
  for (const [index, outcome] of outcomes.entries()) {
    const { name, moduleUrl } = modules[index]!;
    if (names.has(name)) problems.push(`${fileOf(moduleUrl)}: service ${name} is listed twice; remove one of them`);
    names.add(name);
    if (outcome.status === 'fulfilled') {
      processors.push(...outcome.value);
    } else {
      problems.push(`${fileOf(moduleUrl)}: ${moduleProblem(outcome.reason, moduleUrl)}`);
      causes.push(outcome.reason);
    }
  }
  if (problems.length > 0) throw new HeddleError('FAILED_PRECONDITION', problems.join('\n'), { cause: causes[0] });
  return processors;
}

async function loadService(module: ServiceModule, chainOf: ChainOf): Promise<MethodProcessor[]> {
  const exported: unknown = await import(module.moduleUrl);
  const implementation = implementationOf(exported as { default?: unknown });
  const named = implementation.contract[serviceName];
  if (named !== module.name) {
    throw wrong(`it implements ${named}, but the config calls it ${module.name}; make the two names equal`);
  }
  return methodsOf(implementation.contract).map((method) => {
    // implement() has checked that each method has one.
    const handler = implementation.handlers.get(method.method)!;
    return new MethodProcessor(method, handler, module.asyncContext ?? false, chainOf(method, handler));
  });
}

function implementationOf(exported: { default?: unknown }): Implementation {
  const { default: value } = exported;
  if (value === undefined) {
    throw wrong('it has no default export; write: export default implement(Contract, { … })');
  }
  if (typeof value === 'object' && value !== null && implementationMark in value) return value as Implementation;
  throw wrong('its default export was not made by implement(); write: export default implement(Contract, { … })');
}

function wrong(what: string): HeddleError {
  return new HeddleError('FAILED_PRECONDITION', what);
}
