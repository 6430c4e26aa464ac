// One box of the SVG: what stands in it, how large that makes it, and its markup. What does not fit is cut; the whole
// text is in the box's tooltip.

import type { DegradeDefinition } from '../../definition.ts';
import type { NodeTrace } from '../../run/trace.ts';
import { formatMs, formatPercent, knownEnd, policyTexts } from '../describe.ts';
import { escapeMarkup } from '../escape.ts';
import type { PlacedBox } from '../layout.ts';
import type { Box } from '../picture.ts';
import { endSign } from './signs.ts';
import { fitText, textWidth } from './text-width.ts';

/** What live counters say of a node. */
export interface NodeShare {
  /** Of the time of all runs, how much was this node's on their critical paths: 0..1. */
  readonly critical: number;
  readonly runs: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

interface Chip {
  readonly text: string;
  readonly width: number;
  readonly kind: 'policy' | 'mark';
}

export interface BoxContent {
  readonly box: Box;
  readonly width: number;
  readonly height: number;
  readonly name: string;
  readonly doing: string;
  readonly chips: readonly (readonly Chip[])[];
  readonly time: string;
  readonly share: NodeShare | undefined;
  readonly shareText: string;
  readonly ended: NodeTrace | undefined;
  readonly state: 'plain' | 'idle' | NodeTrace['end'];
  readonly tooltip: string;
}

const padX = 15;
const innerMax = 216;
const innerMin = 74;
const chipHeight = 16;
const chipGap = 4;
const signSize = 15;

export interface BoxContext {
  readonly degrade: DegradeDefinition;
  /** Undefined: no run is shown. */
  readonly ended: ReadonlyMap<string, NodeTrace> | undefined;
  readonly shares: ReadonlyMap<string, NodeShare> | undefined;
}

export function measureBox(box: Box, { degrade, ended, shares }: BoxContext): BoxContent {
  const trace = ended?.get(box.id);
  const share = shares?.get(box.id);
  const state =
    ended === undefined || box.node === undefined ? 'plain' : trace === undefined ? 'idle' : knownEnd(trace.end);
  const policies = box.node === undefined ? [] : policyTexts(box.node, degrade);
  const time = trace?.startMs === undefined || state === 'skipped' ? '' : formatMs(trace.endMs - trace.startMs);
  const timeWidth = trace === undefined ? 0 : 10 + signSize + (time === '' ? 0 : 5 + textWidth(time, 11));
  const shareText = share === undefined ? '' : shareLine(share);

  const texts = [
    ...policies.map((text) => ({ text, kind: 'policy' as const })),
    ...(trace?.marks ?? []).map((text) => ({ text, kind: 'mark' as const })),
  ];
  const chips = texts.map(({ text, kind }): Chip => {
    const fitted = fitText(text, innerMax - 12, 10);
    return { text: fitted, width: textWidth(fitted, 10) + 12, kind };
  });
  const natural = Math.max(
    innerMin,
    textWidth(box.name, 14, 'bold') + timeWidth,
    textWidth(box.doing, 11, 'monospace'),
    textWidth(shareText, 10),
    Math.min(
      150,
      chips.reduce((sum, { width }) => sum + width + chipGap, -chipGap),
    ),
    ...chips.map(({ width }) => width),
  );
  const inner = Math.ceil(Math.min(innerMax, natural));
  const rows = wrapChips(chips, inner);
  const isTerminal = box.node === undefined;
  const height = isTerminal
    ? 30
    : 46 + (rows.length === 0 ? 0 : 3 + rows.length * (chipHeight + chipGap)) + (share === undefined ? 0 : 24);
  return {
    box,
    width: isTerminal ? Math.ceil(textWidth(box.name, 13, 'bold')) + 36 : inner + 2 * padX,
    height,
    name: fitText(box.name, inner - timeWidth, 14, 'bold'),
    doing: fitText(box.doing, inner, 11, 'monospace'),
    chips: rows,
    time,
    share,
    shareText,
    ended: trace,
    state,
    tooltip: tooltipOf(box, policies, trace, shareText),
  };
}

export function renderBox(content: BoxContent, { x, y }: PlacedBox): string {
  const { box, width, height } = content;
  const [left, top] = [Math.round(x - width / 2), Math.round(y - height / 2)];
  const classes = [
    'box',
    box.kind,
    content.state,
    box.standIn ? 'stand-in' : '',
    content.ended?.critical ? 'critical' : '',
  ];
  const at = `<g class="${classes.filter((name) => name !== '').join(' ')}" transform="translate(${left} ${top})">`;
  const title = `<title>${escapeMarkup(content.tooltip)}</title>`;
  if (box.node === undefined) {
    return `${at}${title}<rect width="${width}" height="${height}" rx="${height / 2}"/><text class="name" x="${width / 2}" y="20" text-anchor="middle">${escapeMarkup(content.name)}</text></g>`;
  }
  const parts = [
    `<rect class="body" width="${width}" height="${height}" rx="8"/>`,
    `<rect class="stripe" x="5" y="9" width="3" height="${height - 18}" rx="1.5"/>`,
    `<text class="name" x="${padX}" y="20">${escapeMarkup(content.name)}</text>`,
    `<text class="doing" x="${padX}" y="36">${escapeMarkup(content.doing)}</text>`,
    ...renderOutcome(content),
    ...renderChips(content.chips),
    ...renderShare(content),
  ];
  return `${at}${title}${parts.join('')}</g>`;
}

function renderOutcome({ ended, time, width }: BoxContent): string[] {
  if (ended === undefined) return [];
  const sign = endSign(ended.end, width - padX - signSize + 6, 8, signSize);
  if (time === '') return [sign];
  const timeX = width - padX - signSize + 1;
  return [`<text class="time" x="${timeX}" y="19.5" text-anchor="end">${escapeMarkup(time)}</text>`, sign];
}

function renderChips(rows: BoxContent['chips']): string[] {
  return rows.flatMap((row, index) => {
    const y = 47 + index * (chipHeight + chipGap);
    let x = padX;
    return row.map(({ text, width, kind }) => {
      const at = `<g class="chip ${kind}" transform="translate(${x.toFixed(1)} ${y})">`;
      x += width + chipGap;
      return `${at}<rect width="${width.toFixed(1)}" height="${chipHeight}" rx="${chipHeight / 2}"/><text x="6" y="11.5">${escapeMarkup(text)}</text></g>`;
    });
  });
}

function renderShare({ share, shareText, width, height }: BoxContent): string[] {
  if (share === undefined) return [];
  const length = width - 2 * padX;
  const filled = Math.min(1, Math.max(0, share.critical)) * length;
  return [
    `<rect class="track" x="${padX}" y="${height - 25}" width="${length}" height="4" rx="2"/>`,
    `<rect class="share" x="${padX}" y="${height - 25}" width="${filled.toFixed(1)}" height="4" rx="2"/>`,
    `<text class="small" x="${padX}" y="${height - 9}">${escapeMarkup(shareText)}</text>`,
  ];
}

function shareLine({ critical, runs, p50Ms, p99Ms }: NodeShare): string {
  const texts = [`${formatPercent(critical)} of path`, `${runs.toLocaleString('en-US')} runs`];
  if (p50Ms !== undefined) texts.push(`p50 ${formatMs(p50Ms)}`);
  if (p99Ms !== undefined) texts.push(`p99 ${formatMs(p99Ms)}`);
  return texts.join(' · ');
}

function wrapChips(chips: readonly Chip[], widthMax: number): Chip[][] {
  const rows: Chip[][] = [];
  let room = 0;
  for (const chip of chips) {
    if (rows.length === 0 || chip.width + chipGap > room) {
      rows.push([]);
      room = widthMax + chipGap;
    }
    rows.at(-1)!.push(chip);
    room -= chip.width + chipGap;
  }
  return rows;
}

function tooltipOf(box: Box, policies: readonly string[], trace: NodeTrace | undefined, shareText: string): string {
  const lines = [[box.name, box.doing].filter((text) => text !== '').join(': '), ...policies];
  if (trace !== undefined) lines.push([trace.end, ...trace.marks, trace.cached ? 'from the cache' : ''].join(' '));
  if (trace?.failure !== undefined) lines.push(`${trace.failure.code}: ${trace.failure.message}`);
  return [...lines, shareText]
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
}
