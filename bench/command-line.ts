// The command line of `npm run bench`.

import { parseArgs } from 'node:util';
import { didYouMean } from '../runtime/nearest.ts';
import type { Scenario } from './scenario.ts';

export interface BenchOptions {
  readonly scenarios: readonly Scenario[];
  /** For each of them; undefined: as long as it wants. */
  readonly seconds: number | undefined;
  readonly jsonPath: string | undefined;
}

/** Longest time for one scenario, s. */
const secondsMax = 3600;

/** Text: print it and end; `isMistake` when it was not asked for. */
export function readCommandLine(
  words: string[],
  all: readonly Scenario[],
): BenchOptions | { text: string; isMistake: boolean } {
  const usage = usageOf(all);
  const mistake = (sentence: string) => ({ text: `${sentence}\n\n${usage}`, isMistake: true });
  let values: { seconds?: string; json?: string; help?: boolean };
  let names: string[];
  try {
    const options = { seconds: { type: 'string' }, json: { type: 'string' }, help: { type: 'boolean' } } as const;
    ({ values, positionals: names } = parseArgs({ args: words, allowPositionals: true, options }));
  } catch (reason) {
    return mistake((reason as Error).message);
  }
  if (values.help) return { text: usage, isMistake: false };
  const known = all.map(({ name }) => name);
  const strange = names.find((name) => !known.includes(name));
  if (strange !== undefined) return mistake(`there is no scenario '${strange}'${didYouMean(strange, known)}`);
  const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
  if (seconds !== undefined && !(seconds > 0 && seconds <= secondsMax)) {
    return mistake(`--seconds ${values.seconds}: give a number above 0, at most ${secondsMax}`);
  }
  const scenarios = names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
  return { scenarios, seconds, jsonPath: values.json };
}

function usageOf(all: readonly Scenario[]): string {
  const lines = all.map(({ name, what, seconds }) => `  ${name.padEnd(12)} ${what}; ${seconds} s`);
  return `npm run bench -- [scenario …] [--seconds n] [--json file]

Measures, prints tables, and says which goals are met. Without names all scenarios run. Those with a picture keep it in
docs/pictures/ and their numbers in bench/results/, unless --seconds makes them shorter:

${lines.join('\n')}

  --seconds n   time for each scenario, instead of its own
  --json file   the numbers, with machine, versions and commit
  --help        this help`;
}
