// The command line of `npm run bench`.

import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { didYouMean } from '../runtime/nearest.ts';
import type { Scenario } from './scenario.ts';

export interface BenchOptions {
  readonly scenarios: readonly Scenario[];
  /** Names of peers; undefined: all that each scenario has. */
  readonly peers: readonly string[] | undefined;
  /** For each of them; undefined: as long as it wants. */
  readonly seconds: number | undefined;
  readonly jsonPath: string | undefined;
  /** Of the page. */
  readonly htmlPath: string | undefined;
}

/** Longest time for one scenario, s. */
const secondsMax = 3600;

/** Names that mean what they say. */
const everything = 'all';
const nobody = 'none';

/** Text: print it and end; `isMistake` when it was not asked for. */
export function readCommandLine(
  words: string[],
  all: readonly Scenario[],
): BenchOptions | { text: string; isMistake: boolean } {
  const usage = usageOf(all);
  const mistake = (sentence: string) => ({ text: `${sentence}\n\n${usage}`, isMistake: true });
  let values: { peers?: string; seconds?: string; json?: string; html?: string; help?: boolean };
  let names: string[];
  try {
    const text = { type: 'string' } as const;
    const options = { peers: text, seconds: text, json: text, html: text, help: { type: 'boolean' } } as const;
    ({ values, positionals: names } = parseArgs({ args: words, allowPositionals: true, options }));
  } catch (reason) {
    return mistake((reason as Error).message);
  }
  if (values.help) return { text: usage, isMistake: false };
  const known = all.map(({ name }) => name);
  const strange = names.find((name) => name !== everything && !known.includes(name));
  if (strange !== undefined) return mistake(`there is no scenario '${strange}'${didYouMean(strange, known)}`);
  const isAll = names.length === 0 || names.includes(everything);
  const scenarios = isAll ? all : all.filter(({ name }) => names.includes(name));
  const peers = values.peers === undefined ? undefined : values.peers === nobody ? [] : values.peers.split(',');
  const knownPeers = [...new Set(scenarios.flatMap(({ peers = [] }) => peers))];
  const stranger = peers?.find((name) => !knownPeers.includes(name));
  if (stranger !== undefined) {
    const whom = knownPeers.length === 0 ? 'has none' : `has ${knownPeers.join(', ')}`;
    return mistake(`there is no peer '${stranger}'${didYouMean(stranger, knownPeers)}: what is to be measured ${whom}`);
  }
  const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
  if (seconds !== undefined && !(seconds > 0 && seconds <= secondsMax)) {
    return mistake(`--seconds ${values.seconds}: give a number above 0, at most ${secondsMax}`);
  }
  // Nobody should measure for half an hour to hear it then.
  const lost = [values.json, values.html].find((path) => path !== undefined && !existsSync(dirname(path)));
  if (lost !== undefined) return mistake(`there is no folder for ${lost}`);
  return { scenarios, peers, seconds, jsonPath: values.json, htmlPath: values.html };
}

function usageOf(all: readonly Scenario[]): string {
  const lines = all.flatMap(({ name, what, seconds, peers = [] }) => [
    `  ${name.padEnd(12)} ${what}; ${seconds} s`,
    ...(peers.length === 0 ? [] : [`  ${' '.repeat(12)} peers: ${peers.join(', ')}`]),
  ]);
  return `npm run bench -- [scenario …] [--peers a,b] [--seconds n] [--json file] [--html file]
       npm run bench -- profile <scenario> | page <file of --json>

Measures, prints tables, and says which goals are met. Without names, and with 'all', all scenarios run; the numbers are kept
in bench/results/all.json, and README's table is made of them. Those with a picture keep it in docs/pictures/ and their numbers
in bench/results/. A run with --seconds or --peers is kept nowhere:

${lines.join('\n')}

  --peers a,b   only these of the peers; 'none': Heddle alone. A peer is installed when it is first measured
  --seconds n   time for each scenario, instead of its own
  --json file   the numbers, with machine, versions and commit
  --html file   the same as a page with plots; 'page' makes it of a file of --json
  --help        this help

'profile' looks into Heddle's server: where its processor time and bytes go, with a flame picture for docs/.`;
}
