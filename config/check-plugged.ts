// checkPlugged: names that only plugins can add, in a config that lists no plugin: a mistake that needs no start to be seen.

import type { ProblemList } from '../document/problem.ts';
import { quote } from '../document/quote.ts';
import type { CheckedConfig } from './schema.ts';

/** Which names plugins add is known when they are installed; without any, none. */
export function checkPlugged(config: CheckedConfig, problems: ProblemList): void {
  if (config.plugins.length > 0) return;
  const names = [
    ...config.filters.map((one) => ['filter', one] as const),
    ...[...config.services.values()].flatMap(({ value }) => [
      ...value.filters.map((one) => ['filter', one] as const),
      ...value.limiters.map((one) => ['limiter', one] as const),
    ]),
    ...[...config.clients.values()].flatMap(({ value }) => value.filters.map((one) => ['filter', one] as const)),
  ];
  for (const [what, { value, place }] of names) {
    if (value === undefined) continue;
    problems.add(
      place,
      `no plugin is listed that could add the ${what} ${quote(value)}: name its module under plugins`,
    );
  }
}
