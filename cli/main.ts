// main: the `heddle` command from its arguments to its exit code. Called by bin/heddle.js on the main thread of a process
// of its own.

import { CommanderError } from 'commander';
import { HeddleError } from '../runtime/errors.ts';
import { exitCodes } from './exit-codes.ts';
import { makeProgram } from './program.ts';

/** Runs one command and sets the process's exit code. Never rejects. */
export async function main(args: readonly string[]): Promise<void> {
  // `heddle config | head`: a reader that has seen enough is no failure. Anything else is an `error` event as ever.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  const program = makeProgram((code) => {
    process.exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (reason) {
    // Not left to the event loop: a start that broke off may have left threads behind.
    process.exit(codeOf(reason));
  }
}

function codeOf(reason: unknown): number {
  if (reason instanceof CommanderError) {
    // commander has said it already; asked for, a help text is an answer.
    return reason.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
  if (reason instanceof HeddleError) {
    process.stderr.write(`heddle: ${reason.message}\n`);
    return exitCodes.failed;
  }
  const text = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
  process.stderr.write(`heddle: this is a mistake in Heddle, please report it: ${text}\n`);
  return exitCodes.internal;
}
