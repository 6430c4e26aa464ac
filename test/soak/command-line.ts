// The soak runner's command line.

import { parseArgs } from 'node:util';
import { allFaults } from './faults/all.ts';
import type { Fault } from './faults/fault.ts';

export interface SoakOptions {
  minutes: number;
  seed: number;
  faults: readonly Fault[];
  /** The rest of a command that repeats the run. */
  again: string;
}

const usage = `npm run soak -- --minutes N [--seed S] [--faults a,b,…] [--list]

Runs a service under its guardian and a backend, each a process of its own, drives them over real sockets, and injects
every kind of fault again and again; every answer is held against its request, every failure against the faults of its
time. Ends with a table and the lines "unanswered 0" and "leaked 0"; exit code 1 when anything was wrong. Ctrl-C ends it
early, with all that.

  --minutes N   how long, from 0.05 (default 1)
  --seed S      a whole number (default: of the clock); the same seed draws the same plan
  --faults a,b  only these, and those that begin with one of them: cpu, io, process, backend, peers …
  --list        names all faults`;

/** Text: print it and end; `isMistake` when it was not asked for. */
export function readCommandLine(words: string[], seed: number): SoakOptions | { text: string; isMistake: boolean } {
  let values: { minutes?: string; seed?: string; faults?: string; list?: boolean; help?: boolean };
  try {
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean' } as const;
    values = parseArgs({
      args: words,
      options: { minutes: text, seed: text, faults: text, list: flag, help: flag },
    }).values;
  } catch (reason) {
    return mistake((reason as Error).message);
  }
  if (values.help) return { text: usage, isMistake: false };
  if (values.list) return { text: listText(), isMistake: false };
  const minutes = Number(values.minutes ?? 1);
  if (!(minutes >= 0.05 && minutes <= 10_000)) return mistake(`--minutes ${values.minutes}: give 0.05 to 10000`);
  const given = values.seed === undefined ? seed : Number(values.seed);
  if (!Number.isSafeInteger(given)) return mistake(`--seed ${values.seed}: give a whole number`);
  const names = values.faults?.split(',');
  const strange = names?.find((name) => !allFaults.some(({ kind }) => kind.startsWith(name)));
  if (strange !== undefined) return mistake(`--faults ${strange}: there is none of that name; --list names all`);
  const faults = allFaults.filter(({ kind }) => names?.some((name) => kind.startsWith(name)) ?? true);
  const only = names === undefined ? '' : ` --faults ${names.join(',')}`;
  return { minutes, seed: given, faults, again: `--minutes ${minutes} --seed ${given}${only}` };
}

function listText(): string {
  return allFaults
    .map(({ kind, what, everyMs }) => `${kind.padEnd(20)} ${what}; about every ${everyMs / 1000} s`)
    .join('\n');
}

function mistake(sentence: string): { text: string; isMistake: boolean } {
  return { text: `${sentence}\n\n${usage}`, isMistake: true };
}
