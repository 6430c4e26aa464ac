// explainFilters: which filters lie around requests of a service and around calls to it, outermost first, and where each
// was written: a part of `heddle config --explain`.

import type { Settings } from '../runtime/settings.ts';
import type { Origins } from './origins.ts';

/** Whose own filters are meant: a service that is served here, or one that is called. */
export type FilteredPart = 'services' | 'clients';

/** Lines without indent: a heading, then a row of cells for each filter. */
export function explainFilters(
  { settings, origins }: { settings: Settings; origins: Origins },
  part: FilteredPart,
  name: string,
): { heading: string; rows: string[][] } {
  const own = settings[part].find((candidate) => candidate.name === name)?.filters ?? [];
  const what = part === 'services' ? 'its requests' : 'calls to it';
  const side = part === 'services' ? 'server' : 'client';
  const rows = [
    ...settings.filters.map((filter, index) => [filter, `filters (${origins.of(settings.filters, String(index))})`]),
    ...own.map((filter, index) => [filter, `${part}.${name}.filters (${origins.of(own, String(index))})`]),
  ];
  if (rows.length === 0) return { heading: `filters around ${what}: none`, rows };
  const those = settings.filters.length === 0 ? '' : `; those of \`filters\` that have a ${side} side`;
  const places = rows.map((cells, at) => [`${at + 1}.`, ...cells]);
  return { heading: `filters around ${what}, outermost first${those}`, rows: places };
}
