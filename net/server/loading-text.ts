// loadingText: what a thread was loading that ended before it was ready, for whoever reads why a start or a reload failed.

import { fileURLToPath } from 'node:url';

/** Names printed at most. */
const namedMax = 24;

/** Of services, jobs and plugins; undefined: none. */
export function loadingText(modules: readonly { name: string; moduleUrl: string }[]): string | undefined {
  if (modules.length === 0) return undefined;
  const lines = modules.slice(0, namedMax).map(({ name, moduleUrl }) => `  ${name}  ${fileURLToPath(moduleUrl)}`);
  if (modules.length > namedMax) lines.push(`  and ${modules.length - namedMax} more`);
  return ['It was loading (heddle check --modules finds the one):', ...lines].join('\n');
}
