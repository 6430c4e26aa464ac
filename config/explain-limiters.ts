// What `heddle config --explain` says of the limiters of a service.

import type { ServiceSettings } from '../runtime/settings.ts';
import type { Origins } from './origins.ts';

/** Lines without indent: a heading, then a row of cells for each limiter. */
export function explainLimiters(
  { name, limiters = [] }: ServiceSettings,
  origins: Origins,
): { heading: string; rows: string[][] } {
  if (limiters.length === 0) return { heading: 'limiters of its requests from outside: none', rows: [] };
  const rows = limiters.map((limiter, at) => [
    `${at + 1}.`,
    limiter,
    `services.${name}.limiters (${origins.of(limiters, String(at))})`,
  ]);
  return { heading: 'limiters of its requests from outside, in the order in which they are asked', rows };
}
