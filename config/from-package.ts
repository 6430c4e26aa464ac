// readConfig and formatProblems as the package exports them. Every thread of a process imports the package, and main
// alone reads a config: so the reader, and the YAML parser behind it, are loaded when they are first called.

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Problem } from '../document/problem.ts';
import { moduleUrl } from '../runtime/module-url.ts';
import type { ConfigResult, ReadConfigOptions } from './read-config.ts';

const require = createRequire(import.meta.url);
const load = (name: string): unknown => require(fileURLToPath(moduleUrl(name, import.meta.url)));

/**
 * Reads and checks a config: all its problems at once, or the settings for `new Server(settings)`. User mistakes come back
 * as problems; nothing is thrown for them.
 */
export function readConfig(options: ReadConfigOptions): ConfigResult {
  return (load('./read-config') as typeof import('./read-config.ts')).readConfig(options);
}

/** Problems as `heddle check` prints them, with the source line and a caret; no problems give an empty text. */
export function formatProblems(problems: readonly Problem[]): string {
  return (load('../document/format-problems') as typeof import('../document/format-problems.ts')).formatProblems(
    problems,
  );
}
