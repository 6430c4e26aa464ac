// picturePage: the picture of a strategy as one page without anything from elsewhere.

import { escapeMarkup } from '../../dag/draw/escape.ts';

export interface Page {
  title: string;
  description?: string | undefined;
  /** Where it comes from. */
  origin: string;
  svg: string;
}

export function picturePage({ title, description, origin, svg }: Page): string {
  return `${[
    '<!DOCTYPE html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8"/>',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>`,
    '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
    '<meta name="color-scheme" content="light dark"/>',
    `<title>${escapeMarkup(title)}</title>`,
    '<style>body { margin: 24px; font: 15px/1.5 system-ui, sans-serif } svg { max-width: 100%; height: auto }</style>',
    '</head>',
    '<body>',
    `<h1>${escapeMarkup(title)}</h1>`,
    ...(description === undefined ? [] : [`<p>${escapeMarkup(description)}</p>`]),
    `<p><small>${escapeMarkup(origin)}</small></p>`,
    svg,
    '</body>',
    '</html>',
  ].join('\n')}\n`;
}
