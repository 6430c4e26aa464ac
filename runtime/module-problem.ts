// moduleProblem: why a module of a user's did not load, as a sentence with its line. For services and plugins, on
// whichever thread loads them.

import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { HeddleError } from './errors.ts';
import { isHeddles } from './loaded-files.ts';

/** Characters of a reason that an error keeps. */
const reasonMaxLength = 500;

/** `reason` is what it threw when it was imported, or installed; a HeddleError's own sentence is kept. */
export function moduleProblem(reason: unknown, moduleUrl: string, step: 'load' | 'install' = 'load'): string {
  if (reason instanceof HeddleError) return reason.message;
  if (!(reason instanceof Error)) return `it threw ${String(reason).slice(0, reasonMaxLength)} while it was ${step}ed`;
  const sentence = `${reason.name}: ${firstLine(reason.message)}`.slice(0, reasonMaxLength);
  const place = placeOf(reason) ?? syntaxPlace(reason, moduleUrl);
  return `it does not ${step}: ${sentence}${place === undefined ? '' : ` (at ${place})`}`;
}

/** The first place in an error's stack that is in a file of a user's: `/app/greeter.ts:3:7`. */
function placeOf(error: Error): string | undefined {
  for (const line of (error.stack ?? '').split('\n')) {
    const found = /(?:^|\(|at )((?:file:\/\/)?\/[^()\s]+:\d+(?::\d+)?)\)?$/.exec(line);
    if (found === null) continue;
    const path = fileOf(found[1]!);
    // What could not be loaded has Heddle's own hooks on the stack.
    if (!isHeddles(pathToFileURL(path).href)) return path;
  }
  return undefined;
}

/** V8 keeps the place of a syntax error in a module to itself; the type stripper's parser names it. */
function syntaxPlace(error: Error, moduleUrl: string): string | undefined {
  if (!(error instanceof SyntaxError) || !moduleUrl.startsWith('file:')) return undefined;
  try {
    stripTypeScriptTypes(readFileSync(fileURLToPath(moduleUrl), 'utf8'), { sourceUrl: moduleUrl });
  } catch (reason) {
    return reason instanceof Error ? placeOf(reason) : undefined;
  }
  return undefined;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}

/** A file URL as a path, with the line that may follow it; anything else as it is. */
export function fileOf(url: string): string {
  if (!url.startsWith('file:')) return url;
  const [, bare, line] = /^(.*?)((?::\d+)*)$/.exec(url)!;
  return fileURLToPath(bare!) + line!;
}
