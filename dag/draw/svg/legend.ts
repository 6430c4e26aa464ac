// The legend of a drawn graph: only what the picture shows, in rows as wide as the picture.

import type { NodeEnd } from '../../run/trace.ts';
import type { ArrowKind, BoxKind } from '../picture.ts';
import { endSign } from './signs.ts';
import { textWidth } from './text-width.ts';

export interface LegendContent {
  readonly boxes: ReadonlySet<BoxKind>;
  readonly arrows: ReadonlySet<ArrowKind>;
  readonly ends: ReadonlySet<NodeEnd | 'idle' | 'plain'>;
  readonly critical: boolean;
}

const boxTexts = {
  call: 'calls a service',
  run: 'runs a function',
  strategy: 'runs a strategy',
  value: 'makes a value',
} as const;
const arrowTexts = { hard: 'needs', soft: 'waits for, can do without', 'stand-in': 'may stand in' } as const;
const ends = ['done', 'failed', 'skipped', 'cancelled'] as const;

const rowHeight = 20;
const itemGap = 20;

/** Markup from 0, 0 down, and its height. */
export function renderLegend(content: LegendContent, widthMax: number): { markup: string; height: number } {
  const items: { text: string; sample: string; sampleWidth: number }[] = [];
  for (const [kind, text] of Object.entries(boxTexts)) {
    if (!content.boxes.has(kind as BoxKind)) continue;
    const sample = `<g class="${kind}"><rect class="body" y="2" width="18" height="12" rx="3"/><rect class="stripe" x="3" y="5" width="2" height="6" rx="1"/></g>`;
    items.push({ text, sample, sampleWidth: 18 });
  }
  for (const [kind, text] of Object.entries(arrowTexts)) {
    if (content.arrows.has(kind as ArrowKind)) items.push({ text, sample: lineSample(kind), sampleWidth: 28 });
  }
  if (content.critical) items.push({ text: 'critical path', sample: lineSample('hard critical'), sampleWidth: 28 });
  for (const end of ends) {
    if (content.ends.has(end)) items.push({ text: end, sample: endSign(end, 0, 1, 14), sampleWidth: 14 });
  }

  let [x, y] = [0, 0];
  const markup = items.map(({ text, sample, sampleWidth }) => {
    const width = sampleWidth + 7 + textWidth(text, 11);
    if (x > 0 && x + width > widthMax) [x, y] = [0, y + rowHeight];
    const item = `<g transform="translate(${x.toFixed(1)} ${y})">${sample}<text x="${sampleWidth + 7}" y="12">${text}</text></g>`;
    x += width + itemGap;
    return item;
  });
  return { markup: `<g class="legend">${markup.join('')}</g>`, height: items.length === 0 ? 0 : y + rowHeight };
}

function lineSample(classes: string): string {
  return `<g class="arrow ${classes}"><path class="line" d="M0 8H20"/><path class="head" d="M28 8L20 4 20 12Z"/></g>`;
}
