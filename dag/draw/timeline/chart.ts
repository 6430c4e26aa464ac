// The chart of a timeline as SVG: a row for each node, thin while it waited, a bar while it ran, smaller bars below for
// attempts and items; lines for the end of the run and for deadlines; the critical path joined from bar to bar.

import type { AttemptTrace, NodeTrace } from '../../run/trace.ts';
import { formatMs, knownEnd } from '../describe.ts';
import { escapeMarkup } from '../escape.ts';
import { endSign } from '../svg/signs.ts';
import { fitText, textWidth } from '../svg/text-width.ts';
import type { Timeline, TimelineRow } from './rows.ts';

export const chartWidth = 1000;
const labelWidth = 190;
const notesWidth = 204;
/** Round times this near to the line of an end or a deadline would be written over it. */
const tickRoom = 24;
const barsWidth = chartWidth - labelWidth - notesWidth;
const axisHeight = 34;
const rowHeight = 30;
const laneHeight = 7;

interface PlacedRow {
  readonly row: TimelineRow;
  readonly top: number;
  readonly height: number;
}

/** Markup from 0, 0 down, `chartWidth` wide, and its height. */
export function renderChart(timeline: Timeline, durationMs: number, criticalPath: readonly string[]) {
  const x = (ms: number) => Number((labelWidth + (Math.max(0, ms) / timeline.scaleMs) * barsWidth).toFixed(1));
  const placed: PlacedRow[] = [];
  let top = axisHeight;
  for (const row of timeline.rows) {
    const lanes = row.lanes.length + (row.hidden > 0 ? 2 : 0);
    const height = rowHeight + (lanes > 0 ? lanes * laneHeight + 2 : 0);
    placed.push({ row, top, height });
    top += height;
  }
  const lines = [durationMs, timeline.nodesUntilMs, timeline.totalMs].filter((ms) => ms !== undefined);
  const grid = timeline.ticksMs
    .filter((ms) => lines.every((line) => Math.abs(x(line) - x(ms)) > tickRoom))
    .map(
      (ms) =>
        `<path class="grid" d="M${x(ms)} ${axisHeight - 4}V${top}"/><text class="tick" x="${x(ms)}" y="${axisHeight - 8}" text-anchor="middle">${formatMs(ms)}</text>`,
    );
  const markup = [
    ...grid,
    ...limits(timeline, durationMs, x, top),
    ...placed.map((one) => renderRow(one, x)),
    criticalLine(placed, criticalPath, x),
  ];
  return { markup: markup.join('\n'), height: top + 4 };
}

function limits(timeline: Timeline, durationMs: number, x: (ms: number) => number, bottom: number): string[] {
  const { totalMs, nodesUntilMs, scaleMs } = timeline;
  const found = [
    { ms: durationMs, kind: 'end', text: `end ${formatMs(durationMs)}` },
    { ms: nodesUntilMs, kind: 'soft', text: 'reserve' },
    { ms: totalMs, kind: 'hard', text: `budget ${totalMs === undefined ? '' : formatMs(totalMs)}` },
  ];
  let taken = Number.NEGATIVE_INFINITY;
  return found.flatMap(({ ms, kind, text }) => {
    if (ms === undefined || ms > scaleMs || ms < 0) return [];
    const width = textWidth(text, 10);
    const start = Math.max(x(ms) - width / 2, taken + 8);
    taken = start + width;
    return [
      `<g class="limit ${kind}"><path d="M${x(ms)} 14V${bottom}"/><text x="${start.toFixed(1)}" y="10">${escapeMarkup(text)}</text></g>`,
    ];
  });
}

function renderRow({ row, top, height }: PlacedRow, x: (ms: number) => number): string {
  const { node, doing, lanes, hidden } = row;
  const name = fitText(node.name, labelWidth - 34, 12, node.critical ? 'bold' : 'plain');
  const runsMs = node.startMs === undefined ? undefined : node.endMs - node.startMs;
  const notes = notesOf(node, runsMs);
  const laneTop = top + 24;
  const parts = [
    `<title>${escapeMarkup(tooltipOf(row))}</title>`,
    `<rect class="hit" y="${top}" width="${chartWidth}" height="${height}"/>`,
    endSign(node.end, 2, top + 6, 14),
    `<text class="name" x="22" y="${top + 14}">${escapeMarkup(name)}</text>`,
    `<text class="doing" x="22" y="${top + 26}">${escapeMarkup(fitText(doing, labelWidth - 34, 10, 'monospace'))}</text>`,
    ...waitingBar(node, top, x),
    ...(node.startMs === undefined || node.end === 'skipped'
      ? []
      : [bar('main', node.startMs, node.endMs, top + 7, 12, x)]),
    ...lanes.flatMap((lane, index) =>
      lane.map((attempt) => attemptBar(attempt, node, laneTop + index * laneHeight, x)),
    ),
    `<text class="note" x="${chartWidth - notesWidth + 12}" y="${top + 17}">${escapeMarkup(fitText(notes.time, notesWidth - 16, 12))}</text>`,
  ];
  if (notes.mark !== '') {
    const at = chartWidth - notesWidth + 12 + (notes.time === '' ? 0 : textWidth(notes.time, 12) + 8);
    parts.push(
      `<text class="mark" x="${at.toFixed(1)}" y="${top + 17}">${escapeMarkup(fitText(notes.mark, chartWidth - at - 4, 12))}</text>`,
    );
  }
  if (hidden > 0) {
    const y = laneTop + lanes.length * laneHeight + 9;
    parts.push(`<text class="more tick" x="${x(node.startMs ?? 0)}" y="${y}">+${hidden} more</text>`);
  }
  const after = node.after === undefined ? '' : ` data-after="${escapeMarkup(node.after)}"`;
  const classes = `row ${knownEnd(node.end)}${node.critical ? ' critical' : ''}`;
  return `<g class="${classes}" data-node="${escapeMarkup(node.name)}"${after}>${parts.join('')}</g>`;
}

/** Thin, from when it was demanded to when it began, or ended without. */
function waitingBar({ demandedMs, startMs, endMs }: NodeTrace, top: number, x: (ms: number) => number): string[] {
  const until = startMs ?? endMs;
  const width = x(until) - x(demandedMs);
  if (width < 0.5) return [];
  return [
    `<rect class="waiting" x="${x(demandedMs)}" y="${top + 11.5}" width="${width.toFixed(1)}" height="3" rx="1.5"/>`,
  ];
}

function attemptBar(attempt: AttemptTrace, node: NodeTrace, y: number, x: (ms: number) => number): string {
  const { hedge, endMs, failure } = attempt;
  const state = failure !== undefined ? ' broken' : endMs === undefined ? ' lost' : '';
  return bar(`attempt${hedge ? ' hedge' : ''}${state}`, attempt.startMs, endMs ?? node.endMs, y, 5, x);
}

/** What takes no time is still seen. */
function bar(classes: string, from: number, to: number, y: number, height: number, x: (ms: number) => number): string {
  const width = Math.max(1.5, x(to) - x(from) - (height < 8 ? 1 : 0));
  return `<rect class="bar ${classes}" x="${x(from)}" y="${y}" width="${width.toFixed(1)}" height="${height}" rx="${Math.min(2.5, width / 2).toFixed(1)}"/>`;
}

/** From the end of each node on it to the row of the next. */
function criticalLine(placed: readonly PlacedRow[], criticalPath: readonly string[], x: (ms: number) => number) {
  const byName = new Map(placed.map((one) => [one.row.node.name, one]));
  const path = criticalPath.flatMap((name, index) => {
    const [one, next] = [byName.get(name), byName.get(criticalPath[index + 1] ?? '')];
    if (one === undefined || next === undefined) return [];
    const down = next.top > one.top;
    return [`M${x(one.row.node.endMs)} ${one.top + (down ? 20 : 6)}V${next.top + (down ? 6 : 20)}`];
  });
  return path.length === 0 ? '' : `<path class="path" d="${path.join('')}"/>`;
}

function notesOf(node: NodeTrace, runsMs: number | undefined): { time: string; mark: string } {
  const time = runsMs === undefined || node.end === 'skipped' ? node.end : formatMs(runsMs);
  const failed = node.end === 'failed' && node.failure !== undefined ? ` ${node.failure.code}` : '';
  const cached = node.cached ? ' cached' : '';
  return { time: `${time}${cached}${failed}`, mark: node.marks.join(', ') };
}

function tooltipOf({ node, doing, lanes, hidden }: TimelineRow): string {
  const { name, end, demandedMs, startMs, endMs, attempts, failure, marks, cached, after } = node;
  const lines = [
    doing === '' ? name : `${name}: ${doing}`,
    startMs === undefined ? `${end} at ${formatMs(endMs)}` : `${end}, ran ${formatMs(startMs)} to ${formatMs(endMs)}`,
    `demanded at ${formatMs(demandedMs)}${after === undefined ? '' : `, after ${after}`}`,
  ];
  if (lanes.length + hidden > 0) lines.push(`${attempts.length} attempts`);
  if (cached) lines.push('from the cache');
  lines.push(...marks);
  if (failure !== undefined) lines.push(`${failure.code}: ${failure.message}`);
  return lines.join('\n');
}

/** What bars mean; only what the run has. */
export function renderChartLegend({ rows }: Timeline): string {
  const attempts = rows.flatMap(({ lanes }) => lanes.flat());
  const items = [
    { text: 'waiting', sample: '<rect class="waiting" y="6" width="22" height="3" rx="1.5"/>', shown: true },
    { text: 'running', sample: '<rect class="bar" y="2" width="22" height="10" rx="2"/>', shown: true },
    {
      text: 'failed',
      sample: '<rect class="bar broken" y="2" width="22" height="10" rx="2"/>',
      shown:
        rows.some(({ node: { end } }) => end === 'failed') || attempts.some(({ failure }) => failure !== undefined),
    },
    {
      text: 'cancelled',
      sample: '<rect class="bar lost" y="2" width="22" height="10" rx="2"/>',
      shown: rows.some(({ node: { end } }) => end === 'cancelled') || attempts.some((one) => isCancelled(one)),
    },
    {
      text: 'hedge',
      sample: '<rect class="bar hedge" y="4" width="22" height="5" rx="2"/>',
      shown: attempts.some(({ hedge }) => hedge),
    },
    {
      text: 'critical path',
      sample: '<path class="path" d="M0 7H22"/>',
      shown: rows.some(({ node }) => node.critical),
    },
  ];
  let x = 0;
  const markup = items
    .filter(({ shown }) => shown)
    .map(({ text, sample }) => {
      const at = x;
      x += 30 + textWidth(text, 12) + 20;
      return `<g transform="translate(${at.toFixed(1)} 0)">${sample}<text x="29" y="11.5">${text}</text></g>`;
    });
  return `<g class="legend">${markup.join('')}</g>`;
}

function isCancelled({ endMs, failure }: AttemptTrace): boolean {
  return endMs === undefined && failure === undefined;
}
