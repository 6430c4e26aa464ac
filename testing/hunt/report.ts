// What `npm run sim` prints: progress, the figures, and a failure that somebody can read.

import type { HuntResult, HuntTally } from './hunt.ts';
import type { Failure } from './hunted-world.ts';
import type { MutantResult } from './mutant-hunt.ts';

/** Lines of a failure's trace, the last ones. */
const traceLinesMax = 150;
/** A thread that reads on and on tells little: of so many reads in a row only the last ones are shown. */
const readsShown = 2;

export function progressText({ seeds, steps, deaths, requests }: HuntTally, ranMs: number): string {
  const seconds = Math.max(ranMs / 1000, 0.001);
  const rate = `${(seeds / seconds).toFixed(1)} seeds/s`;
  return `${seconds.toFixed(0)} s: ${seeds} seeds, ${steps} steps, ${deaths} deaths, ${requests} requests; ${rate}`;
}

export function resultText(result: HuntResult, isMutant: boolean): string {
  const figures = progressText(result, result.ranMs);
  if (result.failure !== undefined) return figures;
  return `${figures}\n${isMutant ? notFoundText(result) : 'no law was broken'}`;
}

/** Of a mutant. */
function notFoundText({ other }: HuntResult): string {
  if (other === undefined) return 'NOT FOUND: no law was broken';
  return `NOT FOUND: none of its laws was broken, but at seed ${other.seed}: ${other.law.split('\n', 1)[0]}`;
}

/** What is hunted beside the sources as they are, by its name. */
export interface HuntNames {
  mutant?: string | undefined;
  /** A named seed. */
  named?: string | undefined;
}

export function failureText(failure: Failure, names: HuntNames = {}): string {
  const { law, scenario, trace } = failure;
  const lines = folded(trace);
  const shown = lines.slice(-traceLinesMax);
  return [
    '',
    `LAW BROKEN: ${law}`,
    '',
    ...(shown.length < lines.length ? [`  … ${lines.length - shown.length} lines before`] : []),
    ...shown.map((line) => `  ${line}`),
    '',
    `scenario: ${JSON.stringify(scenario)}`,
    `again: ${againText(failure, names)}`,
  ].join('\n');
}

export function againText({ world, seed }: Failure, { mutant, named }: HuntNames): string {
  const what = named === undefined ? `--world ${world} --seed ${seed} --seeds 1` : `--named '${named}'`;
  return `npm run sim -- ${what}${mutant === undefined ? '' : ` --mutant ${mutant}`}`;
}

export function mutantText({ mutant, result }: MutantResult): string {
  const { failure, seeds, ranMs } = result;
  const found = failure === undefined ? notFoundText(result) : failure.law.split('\n', 1)[0]!.slice(0, 90);
  const flaw = (mutant.flaw ?? '').padEnd(4);
  const after = `${String(seeds).padStart(6)} seeds ${(ranMs / 1000).toFixed(1).padStart(6)} s`;
  return `${mutant.name.padEnd(26)} ${flaw} ${mutant.world.padEnd(8)} ${after}  ${found}`;
}

/** Of many reads in a row by one thread only the last ones, with their number. */
function folded(trace: readonly string[]): string[] {
  const lines: string[] = [];
  for (let at = 0; at < trace.length; ) {
    const thread = trace[at]!.split(' ', 1)[0]!;
    let end = at;
    while (end < trace.length && trace[end]!.startsWith(`${thread} reads `)) end++;
    const reads = end - at;
    if (reads > readsShown + 1) lines.push(`${thread} … ${reads - readsShown} reads`);
    const from = reads > readsShown + 1 ? end - readsShown : at;
    lines.push(...trace.slice(from, Math.max(end, at + 1)));
    at = Math.max(end, at + 1);
  }
  return lines;
}
