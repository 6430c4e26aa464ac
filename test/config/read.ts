// What the config tests share: reading a text as if it were test/config/fixtures/heddle.yaml.

import { resolve } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type ConfigResult, type ReadConfigOptions, readConfig } from '../../config/read-config.ts';
import { formatProblems } from '../../document/format-problems.ts';

const folder = 'test/config/fixtures';

/** The least config that is right. */
export const least = 'services: { demo.Greeter: { module: ./greeter.ts } }\n';

export function read(text: string, options: Partial<ReadConfigOptions> = {}): ConfigResult {
  return readConfig({ file: `${folder}/heddle.yaml`, text, cores: 4, ...options });
}

/** All problems as they are printed, without the folder of this checkout. */
export function problemsOf(text: string, options: Partial<ReadConfigOptions> = {}): string {
  const printed = formatProblems(read(text, options).problems);
  return printed.replaceAll(`${resolve(folder)}/`, '/srv/').replaceAll(`${folder}/`, '');
}

/** The result of a config that must be right. */
export function settled(t: ExecutionContext, text: string, options: Partial<ReadConfigOptions> = {}) {
  const result = read(text, options);
  if (result.settings === undefined) return t.fail(formatProblems(result.problems));
  return result;
}
