// flamePicture: where processor time went, as one SVG that needs nothing else, for docs/ and for a browser. The width of a
// box is its share of the time, what it calls stands on it, the widest first; a box's title (a tip under the pointer)
// names the function, its source line and both shares. Boxes too narrow to see are left out.

import type { Frame, FrameKind } from '../profile/fold.ts';
import { escaped } from './escaped.ts';

const width = 1200;
const margin = 10;
const rowHeight = 17;
const headHeight = 52;
/** Of a letter of the font, in its size, px. */
const letterWidth = 6.7;
/** Narrower boxes are not drawn, px; those below this for letters have none. */
const boxMin = 2;
const lettersMin = 3;
/** Deeper calls are not drawn. */
const rowsMax = 60;

const kinds: Readonly<Record<FrameKind, { color: string; legend: string }>> = {
  thread: { color: '#d9d9d9', legend: 'thread' },
  heddle: { color: '#7fc8a9', legend: 'Heddle' },
  bench: { color: '#8db8ea', legend: 'the handler' },
  dependency: { color: '#c9b3e6', legend: 'packages (avsc, …)' },
  node: { color: '#f2d98d', legend: 'Node, in JavaScript' },
  native: { color: '#efb08c', legend: 'native: V8, Node’s C++, the system' },
  gc: { color: '#e2736b', legend: 'garbage collector' },
};

/** `root` and its threads are the lowest rows. */
export function flamePicture(heading: string, root: Frame): string {
  const scale = (width - 2 * margin) / Math.max(root.total, 1);
  const rows = Math.min(rowsMax, depthOf(root, scale));
  const height = headHeight + rows * rowHeight + margin;
  const boxes: string[] = [];
  const draw = (frame: Frame, x: number, row: number): void => {
    const boxWidth = frame.total * scale;
    if (boxWidth < boxMin || row >= rowsMax) return;
    boxes.push(boxOf(frame, root.total, x, height - margin - (row + 1) * rowHeight, boxWidth));
    const children = [...frame.children.values()].sort((left, right) => right.total - left.total);
    let at = x;
    for (const child of children) {
      draw(child, at, row + 1);
      at += child.total * scale;
    }
  };
  draw(root, margin, 0);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="#222">`,
    '<style>g.box text{font:11px ui-monospace,monospace}g.box:hover rect{stroke:#000}</style>',
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="${width / 2}" y="18" text-anchor="middle" font-size="15" font-weight="600">${escaped(heading)}</text>`,
    legend(),
    ...boxes,
    '</svg>\n',
  ].join('\n');
}

function boxOf({ name, at, kind, total, self }: Frame, all: number, x: number, y: number, boxWidth: number): string {
  const percent = (us: number): string => `${((100 * us) / all).toFixed(1)} %`;
  const title = [at === '' ? name : `${name} ${at}`, `${percent(total)}, itself ${percent(self)}`].join('\n');
  const letters = Math.floor((boxWidth - 4) / letterWidth);
  const label = name.length <= letters ? name : letters > lettersMin ? `${name.slice(0, letters - 1)}…` : '';
  const text = label === '' ? '' : `<text x="${round(x + 3)}" y="${y + 12}">${escaped(label)}</text>`;
  const rect = `<rect x="${round(x)}" y="${y}" width="${round(Math.max(boxWidth - 0.5, 0.5))}" height="${rowHeight - 1}" fill="${kinds[kind].color}"/>`;
  return `<g class="box"><title>${escaped(title)}</title>${rect}${text}</g>`;
}

function legend(): string {
  let x = margin;
  return Object.values(kinds)
    .map(({ color, legend: words }) => {
      const at = x;
      x += 28 + words.length * letterWidth;
      return `<rect x="${round(at)}" y="29" width="11" height="11" fill="${color}"/><text x="${round(at + 16)}" y="39">${escaped(words)}</text>`;
    })
    .join('\n');
}

/** Rows with a box. */
function depthOf({ total, children }: Frame, scale: number): number {
  if (total * scale < boxMin) return 0;
  return 1 + Math.max(0, ...[...children.values()].map((child) => depthOf(child, scale)));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
