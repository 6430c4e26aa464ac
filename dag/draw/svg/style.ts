// The style sheet of drawn graphs. Every rule is bound to the picture's class: the SVG may stand inside a page.

import { type Colours, fontFamily, monospaceFamily, type ThemeName, themed } from './theme.ts';

export const pictureClass = 'heddle-graph';

export function graphStyle(theme: ThemeName): string {
  const p = `.${pictureClass}`;
  const shape = [
    `${p} text { font-family: ${fontFamily}; font-size: 11px }`,
    `${p} .title { font-size: 18px; font-weight: bold }`,
    `${p} .subtitle { font-size: 12px }`,
    `${p} .name { font-size: 14px; font-weight: bold }`,
    `${p} .doing { font-family: ${monospaceFamily} }`,
    `${p} .chip text, ${p} .label text, ${p} .small { font-size: 10px }`,
    `${p} .request .name, ${p} .output .name { font-size: 13px }`,
    `${p} .line { fill: none; stroke-width: 1.5; stroke-linecap: round }`,
    `${p} .soft .line { stroke-dasharray: 6 5 }`,
    `${p} .stand-in .line { stroke-dasharray: 0.1 4.5; stroke-width: 2 }`,
    `${p} .arrow.critical .line { stroke-width: 3 }`,
    `${p} .arrow.idle, ${p} .box.idle { opacity: 0.45 }`,
    `${p} .box.skipped .name, ${p} .box.cancelled .name { font-weight: normal }`,
    `${p} .body { stroke-width: 1.3 }`,
    `${p} .box.stand-in .body { stroke-dasharray: 5 4 }`,
    `${p} .box.critical .body { stroke-width: 3 }`,
    `${p} .sign path { fill: none; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round }`,
    '',
  ].join('\n');
  return shape + themed(theme, (colours) => colourRules(p, colours));
}

function colourRules(p: string, c: Colours): string {
  const kinds = Object.entries(c.kinds).flatMap(([kind, { fill, edge }]) => [
    `${p} .${kind} .body { fill: ${fill}; stroke: ${edge} }`,
    `${p} .${kind} .stripe { fill: ${edge} }`,
  ]);
  return [
    `${p} .page { fill: ${c.page}; stroke: ${c.frame} }`,
    `${p} text { fill: ${c.text} }`,
    `${p} .subtitle, ${p} .doing, ${p} .small, ${p} .legend text { fill: ${c.faint} }`,
    `${p} .line { stroke: ${c.line} }`,
    `${p} .head { fill: ${c.line} }`,
    `${p} .label rect { fill: ${c.page} }`,
    `${p} .label text { fill: ${c.faint} }`,
    ...kinds,
    `${p} .request rect, ${p} .output rect { fill: ${c.terminal} }`,
    `${p} .request .name, ${p} .output .name { fill: ${c.terminalText} }`,
    `${p} .chip rect { fill: ${c.chip}; stroke: ${c.frame} }`,
    `${p} .chip.mark rect { fill: ${c.markFill}; stroke: ${c.mark} }`,
    `${p} .chip.mark text { fill: ${c.mark} }`,
    `${p} .box.skipped .body, ${p} .box.cancelled .body { fill: ${c.page}; stroke: ${c.line} }`,
    `${p} .box.skipped .stripe, ${p} .box.cancelled .stripe { fill: ${c.line} }`,
    `${p} .box.failed .body { fill: ${c.failedFill}; stroke: ${c.failed} }`,
    `${p} .box.failed .stripe { fill: ${c.failed} }`,
    `${p} .box.critical .body, ${p} .arrow.critical .line { stroke: ${c.critical} }`,
    `${p} .arrow.critical .head, ${p} .share { fill: ${c.critical} }`,
    `${p} .track { fill: ${c.grid} }`,
    `${p} .sign circle { fill: ${c.line} }`,
    `${p} .sign path { stroke: ${c.page} }`,
    `${p} .sign.done circle { fill: ${c.kinds.run.edge} }`,
    `${p} .sign.failed circle { fill: ${c.failed} }`,
    '',
  ].join('\n');
}
