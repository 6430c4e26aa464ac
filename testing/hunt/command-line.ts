// The command line of `npm run sim`.

import { parseArgs } from 'node:util';
import { allMutants } from '../mutants/all.ts';
import type { Mutant } from '../mutants/mutant.ts';
import { type NamedSeed, namedSeeds } from '../seeds.ts';
import type { WorldName } from './hunted-world.ts';

export interface HuntOptions {
  seed: number;
  minutes: number;
  /** So many seeds and no time; undefined: until the time is over. */
  seeds: number | undefined;
  worlds: readonly WorldName[];
  mutant: Mutant | undefined;
  /** All mutants in turn, these. */
  mutants: readonly Mutant[] | undefined;
  /** This one alone, with its own scenario. */
  named: NamedSeed | undefined;
  trace: boolean;
  json: boolean;
}

export const worldNames: readonly WorldName[] = ['queue', 'endpoint', 'process'];
const minutesDefault = 1;
const minutesPerMutant = 5;

const usage = `npm run sim -- [--seed N] [--minutes M | --seeds K] [--world queue|endpoint|process|all] [--trace] [--json]
npm run sim -- --mutants [--world …] [--seed N] [--minutes M]
npm run sim -- --mutant NAME …
npm run sim -- --named NAME [--mutant NAME] [--trace] [--json]

Runs the shipped sources under a seeded scheduler, seed after seed: every thread may be stopped, or die, before every
operation on shared memory, message and timer. Says which law a seed breaks, how to run that seed again, and what happened,
as short as it gets. The same seed does the same again. Ctrl-C ends it early, with all that; a second one at once.

  --seed N      the first seed, a whole number (default: of the clock); the next ones follow
  --minutes M   how long, from 0.01 (default ${minutesDefault}; with --mutants ${minutesPerMutant} for each)
  --seeds K     exactly so many seeds, whatever time that takes
  --world W     queue     askers, takers and a supervisor over one run queue, without bells
                endpoint  whole threads: turns, bells, replies, rolls
                process   the whole process: handlers, fibers, clients, sockets, main
                all       these in turn (default)
  --mutants     puts each mistake of testing/mutants/ into the sources, one after another, and hunts until a law breaks
  --mutant M    hunts with this mistake in the sources, in its world
  --named N     runs a named seed of testing/seeds.ts with its own scenario
  --list        names all mutants and named seeds
  --trace       tells every step of every seed; meant for one seed
  --json        the result as JSON on standard output

Exit code 0: no law was broken, or, of mutants, each was found. 1: it is the other way. 2: the command line is wrong, or
a mutant does not fit the sources.`;

/** Text: print it and end; `isMistake` when it was not asked for. */
export function readCommandLine(words: string[], seed: number): HuntOptions | { text: string; isMistake: boolean } {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const known = {
    seed: text,
    minutes: text,
    seeds: text,
    world: text,
    mutant: text,
    mutants: flag,
    named: text,
    list: flag,
    trace: flag,
    json: flag,
    help: flag,
  };
  let values: ReturnType<typeof parseArgs<{ options: typeof known }>>['values'];
  try {
    values = parseArgs({ args: words, options: known }).values;
  } catch (reason) {
    return mistake((reason as Error).message);
  }
  if (values.help) return { text: usage, isMistake: false };
  if (values.list) return { text: listText(), isMistake: false };
  const from = values.seed === undefined ? seed : numberOf(values.seed);
  if (!Number.isSafeInteger(from) || from < 0) return mistake(`--seed ${values.seed}: give a whole number from 0`);
  if (values.minutes !== undefined && values.seeds !== undefined) return mistake('give --minutes or --seeds, not both');
  const minutes = numberOf(values.minutes ?? `${values.mutants ? minutesPerMutant : minutesDefault}`);
  if (!(minutes >= 0.01 && minutes <= 100_000)) return mistake(`--minutes ${values.minutes}: give 0.01 to 100000`);
  const seeds = values.seeds === undefined ? undefined : numberOf(values.seeds);
  if (seeds !== undefined && !(Number.isSafeInteger(seeds) && seeds > 0)) {
    return mistake(`--seeds ${values.seeds}: give a whole number from 1`);
  }
  const mutant = allMutants.find(({ name }) => name === values.mutant);
  if (values.mutant !== undefined && mutant === undefined) {
    return mistake(`--mutant ${values.mutant}: there is none of that name; --list names all`);
  }
  if (values.mutant !== undefined && values.mutants) return mistake('give --mutant or --mutants, not both');
  const world = values.world ?? mutant?.world ?? 'all';
  const worlds = worldNames.filter((name) => world === 'all' || world === name);
  if (worlds.length === 0) return mistake(`--world ${world}: give queue, endpoint, process or all`);
  if (mutant !== undefined && worlds.join() !== mutant.world) {
    return mistake(`--mutant ${mutant.name}: it is made for world ${mutant.world}, not for ${world}`);
  }
  const mutants = values.mutants ? allMutants.filter((one) => worlds.includes(one.world)) : undefined;
  const { trace = false, json = false } = values;
  const options = { seed: from, minutes, seeds, worlds, mutant, mutants, named: undefined, trace, json };
  if (values.named === undefined) return options;
  const named = namedSeeds.find(({ name }) => name === values.named);
  if (named === undefined) return mistake(`--named ${values.named}: there is none of that name; --list names all`);
  const other = (['seed', 'minutes', 'seeds', 'world', 'mutants'] as const).find((name) => values[name] !== undefined);
  if (other !== undefined) return mistake(`give --named or --${other}, not both: a named seed is one run`);
  if (mutant !== undefined && mutant.world !== named.world) {
    return mistake(`--mutant ${mutant.name}: it is made for world ${mutant.world}, not for ${named.world}`);
  }
  return { ...options, seed: named.seed, seeds: 1, worlds: [named.world], named };
}

/** NaN for what is no number, as nothing at all. */
function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

function listText(): string {
  const width = Math.max(...allMutants.map(({ name }) => name.length));
  return [
    ...allMutants.map(({ name, world, what }) => `${name.padEnd(width)}  ${world.padEnd(8)}  ${what}`),
    ...namedSeeds.map(({ name, world, what }) => `'${name}'  ${world}, a named seed: ${what}`),
  ].join('\n');
}

function mistake(sentence: string): { text: string; isMistake: boolean } {
  return { text: `${sentence}\n\n${usage}`, isMistake: true };
}
