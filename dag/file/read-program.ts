// readProgram: a strategy() that a module exports, to its definition, by the very code that reads files. Main thread, when
// strategies are loaded; functions and methods stay in the module, and the definition names them by their node.

import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProblemList } from '../../document/problem.ts';
import { quote } from '../../document/quote.ts';
import type { Strategy } from '../strategy.ts';
import { programTree, type StandIn } from './program-tree.ts';
import { type ReadStrategy, type ReadStrategyOptions, readTree, strategyValuesMax } from './read-strategy.ts';

/**
 * `exportName`: how the module at `moduleUrl` exports it; other threads import it so. Paths in it are relative to the
 * module's folder. Undefined as with `readStrategy`. Never throws.
 */
export function readProgram(
  strategy: Strategy,
  moduleUrl: string,
  exportName: string,
  problems: ProblemList,
  options: ReadStrategyOptions = {},
): ReadStrategy | undefined {
  const origin = originOf(strategy, moduleUrl);
  const functions = new Set<string>();
  const methods = new Map<string, { service: string; method: string }>();
  const standIn = (path: readonly string[], value: unknown): StandIn | undefined => {
    const [section, node = '', key] = path.length === 3 ? path : [];
    const inNode = section === 'nodes' ? key : undefined;
    if (typeof value === 'function') return functionAt(inNode, value.name, () => functions.add(node));
    if (inNode === 'call') return methodAt(value, (found) => methods.set(node, found));
    if (inNode === 'strategy' && has(value, 'name')) return { shown: value.name, value: value.name };
    return undefined;
  };
  try {
    const written = { strategy: strategy.name, ...strategy.options };
    const { tree, top, mistakes } = programTree(origin, written, strategyValuesMax, standIn);
    for (const { place, message } of mistakes) problems.add(place, message);
    // As with broken syntax: what is no data would be reported a second time for what it lacks.
    if (mistakes.length > 0) return undefined;
    const folder = moduleUrl.startsWith('file:') ? dirname(fileURLToPath(moduleUrl)) : undefined;
    const where = folder === undefined ? {} : { folder };
    return readTree(tree, top, { ...where, ...options }, { moduleUrl, exportName, functions, methods }, problems);
  } catch (error) {
    // A getter of the options, or a proxy: the author's own code.
    problems.addForFile(origin, `can not be read: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** `strategy('feed.recommend') of feed.ts`. */
function originOf(strategy: Strategy, moduleUrl: string): string {
  const name = typeof strategy.name === 'string' ? strategy.name : '';
  return `strategy(${quote(name).replaceAll('"', "'")}) of ${basename(moduleUrl)}`;
}

function functionAt(key: string | undefined, name: string, keep: () => void): StandIn {
  const shown = `function ${name}`.trim();
  if (key !== 'run') return { shown, value: null, refused: 'a function can stand at `run` of a node only' };
  keep();
  // As a text that the schema takes; the reader asks for functions first.
  return { shown, value: 'program#run' };
}

function methodAt(value: unknown, keep: (method: { service: string; method: string }) => void): StandIn {
  if (!has(value, 'service') || !has(value, 'method')) {
    const refused = 'call takes a method of a contract, such as Users.get, or a text such as ./contract.ts#Users/get';
    return { shown: 'an object', value: null, refused };
  }
  const { service, method } = value;
  keep({ service, method });
  return { shown: `${service}/${method}`, value: 'program#service/method' };
}

function has<Key extends string>(value: unknown, key: Key): value is Record<Key, string> {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, key) === 'string';
}
