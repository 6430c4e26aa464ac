// drawSvg: a strategy's graph as one self-contained SVG, for READMEs, `heddle dag show` and the admin; with a run or
// live counters drawn over it. Pure: the same definition gives the same text.

import type { StrategyDefinition } from '../definition.ts';
import type { NodeTrace, RunTrace } from '../run/trace.ts';
import { criticalArrows, criticalText, outcomeText } from './critical-path.ts';
import { formatMs } from './describe.ts';
import { escapeMarkup } from './escape.ts';
import { firstWeight, type Layout, layoutGraph } from './layout.ts';
import { type Arrow, outputId, type Picture, pictureOf, requestId } from './picture.ts';
import { arrowPaths, attachArrows, renderLabels } from './svg/arrow.ts';
import { type BoxContent, measureBox, type NodeShare, renderBox } from './svg/box.ts';
import { renderLegend } from './svg/legend.ts';
import { graphStyle, pictureClass } from './svg/style.ts';
import { fitText, textWidth } from './svg/text-width.ts';
import type { ThemeName } from './svg/theme.ts';

export type { NodeShare } from './svg/box.ts';

export interface SvgOptions {
  /** Draws a run over the graph: how each node ended, how long it took, the critical path. */
  readonly trace?: RunTrace;
  /** Draws live counters over the graph, by node. */
  readonly shares?: ReadonlyMap<string, NodeShare>;
  /** Way of the arrows. Default `down`. */
  readonly direction?: 'down' | 'right';
  /** Default `auto`: as the reader's system prefers. */
  readonly theme?: ThemeName;
}

const margin = 24;
const widthMin = 360;

/**
 * SVG 1.1 without script, links, fonts or ids: it can be a file, an `<img>`, or stand inside a page, more than once.
 * Sizes are in px; a graph of ten nodes is about 600 x 800.
 */
export function drawSvg(definition: StrategyDefinition, options: SvgOptions = {}): string {
  const { trace, shares, direction = 'down', theme = 'auto' } = options;
  const picture = pictureOf(definition);
  const ended = trace === undefined ? undefined : new Map(trace.nodes.map((node) => [node.name, node]));
  const contents = picture.boxes.map((box) => measureBox(box, { degrade: definition.degrade, ended, shares }));
  const layout = layoutGraph(
    contents.map(({ box, width, height }) => ({ id: box.id, width, height })),
    picture.arrows.map((arrow) => ({
      from: arrow.from,
      to: arrow.to,
      weight: weightOf(arrow),
      labelled: arrow.label !== undefined,
    })),
    {
      direction,
      first: requestId,
      last: outputId,
      boxGap: direction === 'down' ? 28 : 20,
      lineGap: 14,
      layerGap: direction === 'down' ? 44 : 64,
      labelGap: direction === 'down' ? 16 : 60,
      lineSize: 8,
    },
  );

  const heading = renderHeading(definition, trace, Math.max(layout.width, widthMin));
  const width = Math.ceil(Math.max(layout.width, widthMin, heading.width) + 2 * margin);
  const legend = renderLegend(
    {
      boxes: new Set(picture.boxes.map(({ kind }) => kind)),
      arrows: new Set(picture.arrows.map(({ kind }) => kind)),
      ends: new Set(contents.map(({ state }) => state)),
      critical: trace !== undefined && trace.criticalPath.length > 0,
    },
    width - 2 * margin,
  );
  const graphTop = margin + heading.height + 16;
  const legendTop = Math.ceil(graphTop + layout.height + 26);
  const height = legendTop + legend.height + margin - 8;
  const label = escapeMarkup(ariaLabel(definition, picture));
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" class="${pictureClass}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">`,
    `<style>\n${graphStyle(theme)}</style>`,
    `<rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10"/>`,
    `<g transform="translate(${margin} ${margin})">${heading.markup}</g>`,
    `<g transform="translate(${Math.round((width - layout.width) / 2)} ${graphTop})">`,
    renderGraph(picture, contents, layout, { direction, trace, ended }),
    '</g>',
    `<g transform="translate(${margin} ${legendTop})">${legend.markup}</g>`,
    '</svg>',
  ].join('\n')}\n`;
}

interface GraphContext {
  readonly direction: 'down' | 'right';
  readonly trace: RunTrace | undefined;
  readonly ended: ReadonlyMap<string, NodeTrace> | undefined;
}

function renderGraph(picture: Picture, contents: readonly BoxContent[], layout: Layout, context: GraphContext): string {
  const drawn = attachArrows(picture.arrows, layout, context.direction);
  const critical = criticalArrows(picture.arrows, context.trace);
  const arrows = drawn.map(({ arrow, points }) => {
    const isCritical = critical.has(arrow);
    const idle = context.ended !== undefined && !isCritical && isIdle(arrow, context.ended, context.trace);
    const classes = `arrow ${arrow.kind}${isCritical ? ' critical' : ''}${idle ? ' idle' : ''}`;
    const { line, head } = arrowPaths(points, context.direction);
    const ends = `${nameOf(arrow.from)} → ${nameOf(arrow.to)}${arrow.label === undefined ? '' : ` (${arrow.label})`}`;
    const markup = `<g class="${classes}"><title>${escapeMarkup(ends)}</title><path class="line" d="${line}"/><path class="head" d="${head}"/></g>`;
    return { markup, isCritical };
  });
  // Critical ones last: what decides lies on top.
  const sorted = arrows.toSorted((a, b) => Number(a.isCritical) - Number(b.isCritical));
  return [
    ...sorted.map(({ markup }) => markup),
    ...contents.map((content, index) => renderBox(content, layout.boxes[index]!)),
    renderLabels(drawn, layout),
  ].join('\n');
}

function weightOf({ from, kind }: Arrow): number {
  // Who only reads the request can start at once and stands in the first layer.
  if (from === requestId) return firstWeight;
  return kind === 'hard' ? 2 : 1;
}

/** Nothing came along it: its source or target had no part in the run, or it stood in for nobody. */
function isIdle(arrow: Arrow, ended: ReadonlyMap<string, NodeTrace>, trace: RunTrace | undefined): boolean {
  if (arrow.to === outputId && trace?.failure !== undefined) return true;
  const from = ended.get(arrow.from);
  const to = ended.get(arrow.to);
  if ((from === undefined && arrow.from !== requestId) || (to === undefined && arrow.to !== outputId)) return true;
  return arrow.kind === 'stand-in' && to?.after !== arrow.from;
}

function renderHeading(definition: StrategyDefinition, trace: RunTrace | undefined, widthMax: number) {
  const { description, budget } = definition;
  const lines: string[] = [];
  if (description !== undefined) lines.push(fitText(description, Math.max(widthMax, 480), 12));
  if (Number.isFinite(budget.totalMs)) {
    const reserve = budget.reserveMs > 0 ? `, ${formatMs(budget.reserveMs)} of it in reserve` : '';
    lines.push(`budget ${formatMs(budget.totalMs)}${reserve}`);
  }
  if (trace !== undefined) {
    lines.push(outcomeText(trace));
    const path = criticalText(trace);
    if (path !== '') lines.push(...wrapSteps(`critical path: ${path}`, Math.max(widthMax, 480)));
  }
  const name = fitText(definition.name, 600, 18, 'bold');
  const title = `<text class="title" y="14">${escapeMarkup(name)}</text>`;
  const subtitles = lines.map(
    (line, index) => `<text class="subtitle" y="${34 + index * 17}">${escapeMarkup(line)}</text>`,
  );
  return {
    markup: [title, ...subtitles].join(''),
    width: Math.max(textWidth(name, 18, 'bold'), ...lines.map((line) => textWidth(line, 12))),
    height: 18 + lines.length * 17,
  };
}

/** At arrows only. */
function wrapSteps(text: string, widthMax: number): string[] {
  const lines: string[] = [];
  for (const step of text.split(' → ')) {
    const line = lines.length === 0 ? step : `${lines.at(-1)} → ${step}`;
    if (lines.length > 0 && textWidth(line, 12) > widthMax) lines.push(`→ ${step}`);
    else lines.splice(-1, 1, line);
  }
  return lines;
}

function nameOf(id: string): string {
  return id === requestId || id === outputId ? id.slice(1) : id;
}

function ariaLabel({ name }: StrategyDefinition, { boxes, arrows }: Picture): string {
  const nodes = boxes.filter(({ node }) => node !== undefined).length;
  return `Graph of the strategy ${name}: ${nodes} nodes, ${arrows.length} arrows`;
}
