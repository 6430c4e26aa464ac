// command and notes: what all commands of the `heddle` program share: how they are made, and the end of their help.

import type { Command } from 'commander';
import { type ExitCodeName, exitCodeLines } from './exit-codes.ts';

/** What a command ends with; the process's exit code. */
export type EndWith = (code: number) => void;

/** Each command inherits output and error handling. `name` of a nested one is its last word. */
export function command(parent: Command, name: string, description: string): Command {
  const path = parent.parent === null ? name : `${parent.name()} ${name}`;
  return parent
    .command(name)
    .description(description)
    .helpOption('-h, --help', 'this help')
    .showHelpAfterError(`(heddle ${path} --help tells what it takes)`);
}

export interface Notes {
  more?: string;
  examples: string[];
  exit: Partial<Record<ExitCodeName, string>>;
}

/** Behind the options in a command's help: what else there is to know, examples, its exit codes. */
export function notes({ more, examples, exit }: Notes): string {
  const parts = ['', ...(more === undefined ? [] : [more, '']), 'Examples:', ...examples.map((line) => `  ${line}`)];
  return [...parts, '', 'Exit codes:', exitCodeLines(exit)].join('\n');
}

/** For options that may be repeated. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}
