// The critical path in a terminal's words, for drawings and timelines.

import type { RunTrace } from '../../run/trace.ts';
import { criticalText } from '../critical-path.ts';
import { plainLine, wrapParts } from './text.ts';

/** `critical path: profile 6.2 ms (10 %) → rank 30 ms (48 %)`, broken at arrows. */
export function criticalLines(trace: RunTrace | undefined, width: number): string[] {
  if (trace === undefined || trace.criticalPath.length === 0) return [];
  return wrapParts(plainLine(`critical path: ${criticalText(trace)}`).split(' → '), ' → ', width, '  → ');
}
