// parseOverride: `pools.ranking.threads=8` and `HEDDLE_POOLS__RANKING__THREADS=8` to steps and the offset of the value.

import type { Place, ProblemList, Source } from '../document/problem.ts';

/** One part of a path. */
export interface Step {
  text: string;
  place: Place;
  /** Written in brackets and quotes: it is a whole name, dots and all. */
  whole: boolean;
}

export interface Override {
  source: Source;
  steps: Step[];
  /** Offset behind the `=`. */
  valueAt: number;
  /** Names in the environment are upper case, so they match whatever their case. */
  anyCase: boolean;
}

/** How an environment variable that sets something begins. */
export const environmentPrefix = 'HEDDLE_';

/** A `--set` argument: words joined by dots, `["a.b"]` for a name with dots. Undefined: refused, and reported. */
export function parseSet(source: Source, problems: ProblemList): Override | undefined {
  const steps: Step[] = [];
  const step = /\[(?:"([^"]*)"|'([^']*)')\]|([^.=[\]]+)/y;
  let at = 0;
  let more = true;
  while (more) {
    step.lastIndex = at;
    const match = step.exec(source.text);
    if (match === null) break;
    const bracketed = match[1] ?? match[2];
    const place = { source, start: at, end: step.lastIndex };
    steps.push({ text: bracketed ?? match[0], place, whole: bracketed !== undefined });
    at = step.lastIndex;
    more = source.text[at] === '.' || source.text[at] === '[';
    if (source.text[at] === '.') at++;
  }
  // `more`: a dot or a bracket stood there, and no word behind it.
  if (!more && source.text[at] === '=') return { source, steps, valueAt: at + 1, anyCase: false };
  const advice = 'write it as pools.ranking.threads=8, or services["demo.Greeter"].timeout=1s';
  problems.add({ source, start: at, end: at + 1 }, `this is not a setting: ${advice}`);
  return undefined;
}

/** An environment variable: words joined by two underscores. Undefined: it is not meant as a setting. */
export function parseVariable(source: Source, variable: string): Override | undefined {
  const path = variable.slice(environmentPrefix.length);
  if (!path.includes('__')) return undefined;
  const steps: Step[] = [];
  let at = environmentPrefix.length;
  for (const text of path.split('__')) {
    steps.push({ text, place: { source, start: at, end: at + Math.max(1, text.length) }, whole: true });
    at += text.length + 2;
  }
  return { source, steps, valueAt: variable.length + 1, anyCase: true };
}
