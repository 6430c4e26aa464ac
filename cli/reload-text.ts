// What a reload came to, for people: as a page (`heddle reload`), and as one line (SIGHUP, --watch). Pure functions of the report.

import type { CanaryVerdict } from '../net/server/canary.ts';
import { unkeptText } from '../net/server/loaded-code.ts';
import type { ReloadReport, RolledPool } from '../net/server/reload-report.ts';
import { age, lines, table } from './admin-tables.ts';

/** Methods of a canary that are shown; the busiest. */
const methodsShown = 20;
/** Names in one line. */
const namesShown = 5;

export function reloadText(report: ReloadReport): string {
  const { changed, needsRestart, rolled, ioCode, strategies, canary, unkept } = report;
  const parts: string[] = [];
  if (canary !== undefined) parts.push(...canaryText(canary));
  if (unkept !== undefined) parts.push(unkeptText(unkept));
  if (rolled.length > 0) parts.push('rolled', ...indent(table(rolled.map(rolledCells))));
  if (changed.length > 0) parts.push('changed', ...indent(changed));
  if (strategies !== undefined) parts.push(`strategies are at version ${strategies}`);
  if (parts.length === 0) parts.push('nothing changed');
  const restart = [...needsRestart, ...ioCode.map((file) => `code of IO threads: ${file}`)];
  if (restart.length > 0) parts.push('needs a restart', ...indent(restart));
  if (restart.length > 0 && rolled.length > 0)
    parts.push('the new code serves without that: heddle reload --strict would have changed nothing');
  const late = rolled.flatMap((one) => one.late);
  if (late.length > 0)
    parts.push(`too busy to turn, so their calls still go to the old code: ${few([...new Set(late)])}`);
  return lines(parts);
}

/** `rolled work (generation 3, 84 ms); changed: limits.requests`. */
export function reloadLine({ changed, needsRestart, rolled, ioCode, strategies, canary }: ReloadReport): string {
  const parts: string[] = [];
  if (canary !== undefined) parts.push(`the canary ${canary.goOn ? 'goes on' : 'is taken back'}: ${canary.why}`);
  if (rolled.length > 0) {
    const pools = rolled.map(({ pool, generation, loadMs, turnMs }) => {
      return `${pool} (generation ${generation}, ${loadMs + turnMs} ms)`;
    });
    parts.push(`rolled ${few(pools)}`);
  }
  if (changed.length > 0) parts.push(`changed: ${few(changed)}`);
  if (strategies !== undefined) parts.push(`strategies are at version ${strategies}`);
  if (parts.length === 0) parts.push('nothing changed');
  if (needsRestart.length > 0) parts.push(`needs a restart: ${few(needsRestart)}`);
  if (ioCode.length > 0) parts.push(`code of IO threads needs a restart: ${few(ioCode)}`);
  return parts.join('; ');
}

/** Names, and how many more there are. */
export function few(names: readonly string[]): string {
  const more = names.length - namesShown;
  return more <= 0 ? names.join(', ') : `${names.slice(0, namesShown).join(', ')} and ${more} more`;
}

function rolledCells({ pool, generation, threads, loadMs, turnMs, files, settings }: RolledPool): string[] {
  const why = [...files, ...settings];
  return [
    pool,
    `generation ${generation}`,
    `${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    `loaded in ${loadMs} ms`,
    `turned in ${turnMs} ms`,
    why.length === 0 ? 'as it was asked for' : `for ${few(why)}`,
  ];
}

function canaryText({ goOn, why, percent, tookMs, methods }: CanaryVerdict): string[] {
  const verdict = goOn ? 'goes on' : 'is taken back, and nothing has changed';
  const rows = methods
    .slice(0, methodsShown)
    .map(({ method, old, new: next }) => [
      method,
      ...[next.answers, old.answers].map(String),
      ...[next, old].map(({ errorsPercent }) => `${errorsPercent} %`),
      ...[next.p50Ms, old.p50Ms, next.p99Ms, old.p99Ms].map((ms) => (ms === null ? '-' : `${ms} ms`)),
    ]);
  const head = ['METHOD', 'NEW CALLS', 'OLD', 'NEW FAILED', 'OLD', 'NEW P50', 'OLD', 'NEW P99', 'OLD'];
  const more = methods.length > methodsShown ? [`and ${methods.length - methodsShown} more methods`] : [];
  return [
    `the canary (${percent} % of the calls, ${age(tookMs)}) ${verdict}`,
    ...indent([why, ...(rows.length === 0 ? [] : table([head, ...rows])), ...more]),
  ];
}

function indent(texts: readonly string[]): string[] {
  return texts.map((text) => `  ${text}`);
}
