// RunResult: what one `npm run bench` came to, as plain data: the file of --json, from which page and README table are made.

import { readFileSync } from 'node:fs';
import type { Machine } from './measure/machine.ts';
import type { ScenarioReport } from './scenario.ts';

export interface RunResult {
  /** That gave it. */
  readonly command: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly machine: Machine;
  /** By name, in the order in which they ran. */
  readonly scenarios: Readonly<Record<string, ScenarioResult>>;
  /** By name: why it came to nothing. */
  readonly failures: Readonly<Record<string, string>>;
}

export type ScenarioResult = Omit<ScenarioReport, 'picture'>;

export function resultOf(
  { command, startedAt, machine }: Pick<RunResult, 'command' | 'startedAt' | 'machine'>,
  reports: Readonly<Record<string, ScenarioReport>>,
  failures: Readonly<Record<string, string>>,
): RunResult {
  const scenarios = Object.fromEntries(Object.entries(reports).map(([name, { picture: _, ...told }]) => [name, told]));
  return { command, startedAt, machine, scenarios, failures };
}

/** Every number. */
export function resultText(result: object): string {
  return `${JSON.stringify(result, null, 2)}\n`;
}

/** Without the single rounds: for a file that is kept for years. */
export function keptText(result: object): string {
  return `${JSON.stringify(result, (key, value) => (key === 'samples' && Array.isArray(value) ? undefined : value), 2)}\n`;
}

/** Throws when `path` is no file, or not one of these. */
export function readResult(path: string | URL): RunResult {
  const result = JSON.parse(readFileSync(path, 'utf8'));
  if (!(result instanceof Object) || !('scenarios' in result)) throw new Error(`${path} is no result of a bench`);
  return { failures: {}, ...result };
}
