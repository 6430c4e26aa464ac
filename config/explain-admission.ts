// explainAdmission: what bounds the requests of a service beside maxConcurrency, for `heddle config --explain SERVICE`.

import type { ServiceSettings } from '../runtime/settings.ts';
import { formatDuration } from '../runtime/units.ts';
import { indent, table } from './explain-table.ts';
import type { Origins } from './origins.ts';

/** Lines under a heading. */
export function explainAdmission(service: ServiceSettings, origins: Origins): string[] {
  const { rate, adaptive, weight = 1 } = service;
  const rows = [
    [
      'rate',
      rate === undefined ? 'any' : `${rate.perSecond} a second, ${rate.burst} at once`,
      origins.of(service, 'rate'),
    ],
    ['adaptive', adaptive === undefined ? 'off' : adaptiveText(adaptive), origins.of(service, 'adaptive')],
    ['weight', String(weight), origins.of(service, 'weight')],
  ];
  return ['  how many come in (docs/overload.md)', ...indent(table(rows))];
}

function adaptiveText({ delayMs, tolerance, min, max }: NonNullable<ServiceSettings['adaptive']>): string {
  const parts = [`waits of ${formatDuration(delayMs)}`, `runs of ${tolerance} times the usual`];
  if (min > 0) parts.push(`at least ${min}`);
  if (max > 0) parts.push(`at most ${max}`);
  return parts.join(', ');
}
