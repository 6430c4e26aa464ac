// `heddle dag show`: the picture of a strategy, on the terminal or as a file.

import type { StrategyDefinition } from '../../dag/definition.ts';
import { escapeMarkup } from '../../dag/draw/escape.ts';
import { drawMermaid } from '../../dag/draw/mermaid.ts';
import { drawSvg } from '../../dag/draw/svg.ts';
import { drawTerminal } from '../../dag/draw/terminal.ts';
import { exitCodes } from '../exit-codes.ts';
import { atLevel } from './at-level.ts';
import { type LoadOptions, loadOne } from './load.ts';
import { looks, put } from './output.ts';

export const showFormats = ['terminal', 'svg', 'mermaid', 'html'] as const;
export type ShowFormat = (typeof showFormats)[number];

export interface ShowOptions extends LoadOptions {
  /** Default: what the ending of `out` says, else terminal. */
  format?: ShowFormat;
  out?: string;
  level?: number;
}

/** Resolves with the exit code. Throws FAILED_PRECONDITION for mistakes in the strategies. */
export async function dagShow(nameOrFile: string, files: readonly string[], options: ShowOptions): Promise<number> {
  const { format, out, level = 0, ...where } = options;
  // What nodes run changes nothing in the picture.
  const { definition } = await loadOne(nameOrFile, files, { ...where, modules: false });
  put(pictureOf(atLevel(definition, level), format ?? formatOf(out), out === undefined), out);
  return exitCodes.ok;
}

function formatOf(out: string | undefined): ShowFormat {
  if (out?.endsWith('.svg') === true) return 'svg';
  if (out?.endsWith('.mmd') === true) return 'mermaid';
  return /\.html?$/.test(out ?? '') ? 'html' : 'terminal';
}

function pictureOf(definition: StrategyDefinition, format: ShowFormat, onTerminal: boolean): string {
  switch (format) {
    case 'svg':
      return drawSvg(definition);
    case 'mermaid':
      return drawMermaid(definition);
    case 'html':
      return pageOf(definition);
    case 'terminal': {
      const { width, colour } = looks();
      return drawTerminal(definition, { width, colour: onTerminal && colour });
    }
  }
}

/** One page without anything from elsewhere. */
function pageOf(definition: StrategyDefinition): string {
  const { name, description, origin } = definition;
  return `${[
    '<!DOCTYPE html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8"/>',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>`,
    '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
    '<meta name="color-scheme" content="light dark"/>',
    `<title>${escapeMarkup(name)}</title>`,
    '<style>body { margin: 24px; font: 15px/1.5 system-ui, sans-serif } svg { max-width: 100%; height: auto }</style>',
    '</head>',
    '<body>',
    `<h1>${escapeMarkup(name)}</h1>`,
    ...(description === undefined ? [] : [`<p>${escapeMarkup(description)}</p>`]),
    `<p><small>${escapeMarkup(origin)}</small></p>`,
    drawSvg(definition),
    '</body>',
    '</html>',
  ].join('\n')}\n`;
}
