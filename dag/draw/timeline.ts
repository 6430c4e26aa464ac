// drawTimeline, drawTimelineSvg: one run of a strategy as a timeline, as a page or a picture in one file: for whoever asks
// why a request took as long as it did. Pure: the same trace gives the same text.

import type { StrategyDefinition } from '../definition.ts';
import type { RunTrace } from '../run/trace.ts';
import { criticalSteps, outcomeText } from './critical-path.ts';
import { formatMs, formatPercent } from './describe.ts';
import { escapeMarkup } from './escape.ts';
import { fitText, textWidth } from './svg/text-width.ts';
import type { ThemeName } from './svg/theme.ts';
import { chartWidth, renderChart, renderChartLegend } from './timeline/chart.ts';
import { renderSummary, renderTables, renderValues } from './timeline/page.ts';
import { timelineOf } from './timeline/rows.ts';
import { pageScript, pageScriptHash } from './timeline/script.ts';
import { pageStyle, timelineClass, timelineStyle } from './timeline/style.ts';

export { drawTimelineTerminal } from './timeline/terminal.ts';

export interface TimelineOptions {
  /** Default `auto`: as the reader's system prefers. */
  readonly theme?: ThemeName;
}

const margin = 20;

/**
 * One HTML page without anything from elsewhere; a content security policy in it allows its own style and script only.
 * With the definition it also says what nodes do and shows the budget.
 */
export function drawTimeline(trace: RunTrace, definition?: StrategyDefinition, options: TimelineOptions = {}): string {
  const { theme = 'auto' } = options;
  const title = `${trace.strategy} ${outcomeText(trace)}`;
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${pageScriptHash}'`;
  return `${[
    '<!DOCTYPE html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8"/>',
    `<meta http-equiv="Content-Security-Policy" content="${escapeMarkup(policy)}"/>`,
    '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
    `<title>${escapeMarkup(title)}</title>`,
    `<style>\n${pageStyle(theme)}${timelineStyle(theme)}</style>`,
    '</head>',
    '<body>',
    `<h1>${escapeMarkup(trace.strategy)}</h1>`,
    `<p>${escapeMarkup(aboutText(trace, definition))}</p>`,
    renderSummary(trace),
    `<div class="scroll">${renderPicture(trace, definition, [])}</div>`,
    '<p><button id="only-critical" type="button" aria-pressed="false" hidden="">only the critical path</button></p>',
    renderTables(trace),
    renderValues(trace),
    `<script>${pageScript}</script>`,
    '</body>',
    '</html>',
  ]
    .filter((part) => part !== '')
    .join('\n')}\n`;
}

/** The picture alone, with its summary: SVG 1.1 without script, links or ids; 1040 px wide. */
export function drawTimelineSvg(
  trace: RunTrace,
  definition?: StrategyDefinition,
  options: TimelineOptions = {},
): string {
  const style = `<style>\n${timelineStyle(options.theme ?? 'auto')}</style>`;
  return `${renderPicture(trace, definition, headingLines(trace, definition), style)}\n`;
}

function renderPicture(
  trace: RunTrace,
  definition: StrategyDefinition | undefined,
  heading: readonly string[],
  style = '',
): string {
  const timeline = timelineOf(trace, definition);
  const chart = renderChart(timeline, trace.durationMs, trace.criticalPath);
  const chartTop = margin + (heading.length === 0 ? 0 : 8 + heading.length * 18);
  const legendTop = chartTop + chart.height + 14;
  const [width, height] = [chartWidth + 2 * margin, legendTop + 14 + margin];
  const lines = heading.map((line, index) => {
    const kind = index === 0 ? 'title' : 'subtitle';
    return `<text class="${kind}" x="${margin}" y="${margin + 14 + index * 18}">${escapeMarkup(line)}</text>`;
  });
  const label = `Timeline of ${trace.strategy}: ${timeline.rows.length} nodes, ${outcomeText(trace)}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="${timelineClass}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeMarkup(label)}">`,
    style,
    `<rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10"/>`,
    ...lines,
    `<g transform="translate(${margin} ${chartTop})">`,
    chart.markup,
    '</g>',
    `<g transform="translate(${margin} ${legendTop})">${renderChartLegend(timeline)}</g>`,
    '</svg>',
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function headingLines(trace: RunTrace, definition: StrategyDefinition | undefined): string[] {
  const lines = [trace.strategy, aboutText(trace, definition)];
  if (trace.failure !== undefined) lines.push(`${trace.failure.code}: ${trace.failure.message}`);
  let path = '';
  for (const { name, ms, share } of criticalSteps(trace)) {
    const step = share < 0.0005 ? name : `${name} ${formatMs(ms)} (${formatPercent(share)})`;
    const longer = path === '' ? `critical path: ${step}` : `${path} → ${step}`;
    if (path !== '' && textWidth(longer, 12) > chartWidth) {
      lines.push(path);
      path = `→ ${step}`;
    } else path = longer;
  }
  if (path !== '') lines.push(path);
  if (trace.degraded.length > 0) lines.push(`degraded: ${trace.degraded.join(' · ')}`);
  return lines.map((line, index) => fitText(line, chartWidth, index === 0 ? 18 : 12));
}

/** `done in 61.9 ms of 80 ms, version 7, 2026-05-03T10:20:30.456Z`. */
function aboutText(trace: RunTrace, definition: StrategyDefinition | undefined): string {
  const total = definition?.budget.totalMs ?? Number.POSITIVE_INFINITY;
  const started = new Date(trace.startedAt);
  const parts = [`${outcomeText(trace)}${Number.isFinite(total) ? `, budget ${formatMs(total)}` : ''}`];
  if (trace.version > 0) parts.push(`version ${trace.version}`);
  if (Number.isFinite(started.getTime())) parts.push(started.toISOString());
  return parts.join(' · ');
}
