// The signs of how a node ended, drawn as paths: no font has to have them.

import type { NodeEnd } from '../../run/trace.ts';
import { knownEnd } from '../describe.ts';

const strokes: Readonly<Record<NodeEnd, string>> = {
  done: 'M4 8.2 7 11 12 5',
  failed: 'M5 5 11 11M11 5 5 11',
  skipped: 'M4.5 8H11.5M9 5.5 11.5 8 9 10.5',
  cancelled: 'M5 11 11 5',
};

/** A circle with a sign, `size` px wide, its left upper corner at x, y. */
export function endSign(ended: NodeEnd, x: number, y: number, size: number): string {
  const end = knownEnd(ended);
  const scale = Number((size / 16).toFixed(3));
  return `<g class="sign ${end}" transform="translate(${x.toFixed(1)} ${y}) scale(${scale})"><circle cx="8" cy="8" r="8"/><path d="${strokes[end]}"/></g>`;
}
