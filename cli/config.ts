// showConfig: `heddle config`, what a config comes to and why, and what could stand in it.

import { defaultsYaml } from '../config/defaults-yaml.ts';
import { explainService } from '../config/explain-service.ts';
import { jsonSchema } from '../config/json-schema.ts';
import { readConfig } from '../config/read-config.ts';
import { formatProblems } from '../document/format-problems.ts';
import type { ConfigOptions } from './command-options.ts';
import { exitCodes } from './exit-codes.ts';

/** Returns the exit code. Throws NOT_FOUND with the nearest name when there is no service to explain. */
export function showConfig(file: string, options: ConfigOptions): number {
  if (options.defaults) return show(defaultsYaml());
  if (options.schema) return show(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
  const result = readConfig({ file, overrides: options.set ?? [], environment: process.env });
  if (result.settings === undefined) {
    process.stderr.write(`${formatProblems(result.problems)}\n`);
    return exitCodes.failed;
  }
  if (options.explain !== undefined) return show(explainService(result, options.explain));
  return show(`${JSON.stringify(result.settings, null, 2)}\n`);
}

function show(text: string): number {
  process.stdout.write(text);
  return exitCodes.ok;
}
