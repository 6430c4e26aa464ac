// loadServices: the modules that a config names, imported on the thread that serves them, each checked against its
// contract. Called once per CPU thread (and IO thread, for pool `io`) before the thread says that it is ready.

import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { HeddleError } from '../runtime/errors.ts';
import { methodsOf, serviceName } from './contract.ts';
import { type Implementation, implementationMark } from './implement.ts';
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

/**
 * Imports all of them and returns their methods, in order. Throws one FAILED_PRECONDITION that names each module that is
 * wrong and why: it does not load, exports something else, is of another service, lacks a handler, is listed twice.
 */
export async function loadServices(modules: readonly ServiceModule[]): Promise<MethodProcessor[]> {
  const outcomes = await Promise.allSettled(modules.map((module) => loadService(module)));
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
      problems.push(`${fileOf(moduleUrl)}: ${reasonText(outcome.reason, moduleUrl)}`);
      causes.push(outcome.reason);
    }
  }
  if (problems.length > 0) throw new HeddleError('FAILED_PRECONDITION', problems.join('\n'), { cause: causes[0] });
  return processors;
}

async function loadService(module: ServiceModule): Promise<MethodProcessor[]> {
  const exported: unknown = await import(module.moduleUrl);
  const implementation = implementationOf(exported as { default?: unknown });
  const named = implementation.contract[serviceName];
  if (named !== module.name) {
    throw wrong(`it implements ${named}, but the config calls it ${module.name}; make the two names equal`);
  }
  return methodsOf(implementation.contract).map((method) => {
    // implement() has checked that each method has one.
    return new MethodProcessor(method, implementation.handlers.get(method.method)!, module.asyncContext ?? false);
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

/** Characters of a reason that an error keeps. */
const reasonMaxLength = 500;

function reasonText(reason: unknown, moduleUrl: string): string {
  if (reason instanceof HeddleError) return reason.message;
  if (!(reason instanceof Error)) return `it threw ${String(reason).slice(0, reasonMaxLength)} while it was loaded`;
  const sentence = `${reason.name}: ${firstLine(reason.message)}`.slice(0, reasonMaxLength);
  const place = placeOf(reason) ?? syntaxPlace(reason, moduleUrl);
  return `it does not load: ${sentence}${place === undefined ? '' : ` (at ${place})`}`;
}

/** The first place in an error's stack that is in a file: `/app/greeter.ts:3:7`. */
function placeOf(error: Error): string | undefined {
  for (const line of (error.stack ?? '').split('\n')) {
    const found = /(?:^|\(|at )((?:file:\/\/)?\/[^()\s]+:\d+(?::\d+)?)\)?$/.exec(line);
    if (found !== null) return fileOf(found[1]!);
  }
  return undefined;
}

/** V8 keeps the place of a syntax error in a module to itself; the type stripper's parser names it. */
function syntaxPlace(error: Error, moduleUrl: string): string | undefined {
  if (!(error instanceof SyntaxError) || !moduleUrl.startsWith('file:')) return undefined;
  try {
    stripTypeScriptTypes(readFileSync(fileURLToPath(moduleUrl), 'utf8'), { sourceUrl: moduleUrl });
  } catch (reason) {
    return reason instanceof Error ? placeOf(reason) : undefined;
  }
  return undefined;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}

/** A file URL as a path, with the line that may follow it; anything else as it is. */
function fileOf(url: string): string {
  if (!url.startsWith('file:')) return url;
  const [, bare, line] = /^(.*?)((?::\d+)*)$/.exec(url)!;
  return fileURLToPath(bare!) + line!;
}
