// The style sheet of timelines, for the SVG alone and within its page.

import { type Colours, fontFamily, monospaceFamily, type ThemeName, themed } from '../svg/theme.ts';

export const timelineClass = 'heddle-timeline';

export function timelineStyle(theme: ThemeName): string {
  const t = `.${timelineClass}`;
  const shape = [
    `${t} text { font-family: ${fontFamily}; font-size: 12px }`,
    `${t} .title { font-size: 18px; font-weight: bold }`,
    `${t} .doing { font-family: ${monospaceFamily}; font-size: 10px }`,
    `${t} .tick, ${t} .limit text { font-size: 10px }`,
    `${t} .critical .name { font-weight: bold }`,
    `${t} .bar { stroke-width: 1 }`,
    `${t} .critical .main { stroke-width: 2.5 }`,
    `${t} .path { fill: none; stroke-width: 1.5; stroke-dasharray: 3 3 }`,
    `${t} .limit path { fill: none; stroke-width: 1.5 }`,
    `${t} .limit.soft path { stroke-dasharray: 4 4 }`,
    `${t} .cancelled .main, ${t} .lost { stroke-dasharray: 3 2 }`,
    `${t} .sign path { fill: none; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round }`,
    `${t}.only-critical .row:not(.critical), ${t}.tracing .row:not(.traced) { opacity: 0.2 }`,
    '',
  ].join('\n');
  return shape + themed(theme, (colours) => colourRules(t, colours));
}

function colourRules(t: string, c: Colours): string {
  const done = c.kinds.run.edge;
  return [
    `${t} .page { fill: ${c.page}; stroke: ${c.frame} }`,
    `${t} text { fill: ${c.text} }`,
    `${t} .subtitle, ${t} .doing, ${t} .tick, ${t} .limit text, ${t} .more, ${t} .legend text { fill: ${c.faint} }`,
    `${t} .grid { stroke: ${c.grid} }`,
    `${t} .hit { fill: transparent }`,
    `${t} .row:hover .hit { fill: ${c.grid}; fill-opacity: 0.5 }`,
    `${t} .waiting { fill: ${c.waiting} }`,
    `${t} .bar { fill: ${done}; stroke: ${done} }`,
    `${t} .failed .main, ${t} .bar.broken { fill: ${c.failed}; stroke: ${c.failed} }`,
    `${t} .cancelled .main, ${t} .skipped .main, ${t} .bar.lost { fill: ${c.page}; stroke: ${c.line} }`,
    `${t} .bar.hedge { fill: ${c.kinds.strategy.edge}; stroke: ${c.kinds.strategy.edge} }`,
    `${t} .bar.hedge.lost { fill: ${c.page} }`,
    `${t} .critical .main, ${t} .path { stroke: ${c.critical} }`,
    `${t} .limit path { stroke: ${c.failed} }`,
    `${t} .limit.end path { stroke: ${c.text} }`,
    `${t} .mark { fill: ${c.mark} }`,
    `${t} .failed .note { fill: ${c.failed} }`,
    `${t} .sign circle { fill: ${c.line} }`,
    `${t} .sign path { stroke: ${c.page} }`,
    `${t} .sign.done circle { fill: ${done} }`,
    `${t} .sign.failed circle { fill: ${c.failed} }`,
    '',
  ].join('\n');
}

/** What the page around the picture looks like. */
export function pageStyle(theme: ThemeName): string {
  const shape = [
    `body { margin: 0 auto; padding: 20px; max-width: 1080px; font: 14px/1.5 ${fontFamily} }`,
    'h1 { font-size: 22px; margin: 0 }',
    'h2 { font-size: 15px; margin: 24px 0 6px }',
    'p { margin: 4px 0 }',
    '.scroll { overflow-x: auto; margin: 14px 0 }',
    'table { border-collapse: collapse; font-size: 13px }',
    'th, td { text-align: left; padding: 3px 14px 3px 0; vertical-align: top; border-bottom: 1px solid }',
    'td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }',
    `code, pre { font-family: ${monospaceFamily}; font-size: 12px }`,
    'pre { padding: 10px; border-radius: 6px; overflow: auto; max-height: 400px; white-space: pre-wrap; overflow-wrap: anywhere }',
    'summary { cursor: pointer; margin: 10px 0 4px; font-weight: bold }',
    'button { font: inherit; padding: 3px 10px; border-radius: 6px; border: 1px solid; cursor: pointer }',
    '.failure { padding: 8px 12px; border-radius: 6px; border-left: 4px solid }',
    '',
  ].join('\n');
  return (
    shape +
    themed(theme, (c) =>
      [
        `html { color-scheme: ${theme === 'auto' ? 'light dark' : theme} }`,
        `body { background: ${c.page}; color: ${c.text} }`,
        `th, td { border-color: ${c.grid} }`,
        `th, .faint { color: ${c.faint} }`,
        `pre { background: ${c.kinds.value.fill} }`,
        `button { background: ${c.chip}; color: ${c.text}; border-color: ${c.line} }`,
        `.path { color: ${c.critical}; font-weight: bold }`,
        `.mark { color: ${c.mark} }`,
        `.failure { background: ${c.failedFill}; border-color: ${c.failed} }`,
        '',
      ].join('\n'),
    )
  );
}
