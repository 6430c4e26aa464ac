// The quarantine in `heddle top`: requests that ended threads, and are refused now.

import type { QuarantineRow } from '../../admin/shapes.ts';
import { piece } from './line.ts';
import { countText, durationText } from './numbers.ts';
import type { Column, Table } from './table.ts';

const columns: readonly Column[] = [
  { title: 'QUARANTINED', align: 'left', least: 20, shrinks: true },
  { title: 'FINGERPRINT', align: 'left' },
  { title: 'KILLS', align: 'right' },
  { title: 'REFUSED FOR', align: 'right', drop: 1 },
];

/** `wallMs`: now, since `until` is a time of day. */
export function quarantineTable(refused: readonly QuarantineRow[], wallMs: number): Table {
  const rows = refused.map(({ method, fingerprint, kills, until }) => [
    piece(method, 'alarm'),
    piece(fingerprint),
    piece(countText(kills)),
    piece(durationText(Math.max(0, Date.parse(until) - wallMs))),
  ]);
  return { columns, rows };
}
