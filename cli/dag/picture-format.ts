// Formats of the pictures that `heddle dag show` and `heddle dag status` draw: by name, or by the ending of --out.

import { extname } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { wrongUsage } from './usage.ts';

export const pictureFormats = ['text', 'svg', 'mermaid', 'html'] as const;
export type PictureFormat = (typeof pictureFormats)[number];

const formatOfEnding: ReadonlyMap<string, PictureFormat> = new Map([
  ['.svg', 'svg'],
  ['.mmd', 'mermaid'],
  ['.html', 'html'],
  ['.htm', 'html'],
  ['.txt', 'text'],
]);

const endings = '.svg, .mmd, .html, .txt';

/** `--format` and `--out`. */
export function pictureOptions(): [format: Option, out: Option] {
  const format = new Option(
    '--format <format>',
    `${pictureFormats.join(', ')}; default: what the ending of --out says, else text`,
  );
  return [format.argParser(formatNamed), new Option('--out <file>', `write it there: ${endings}`)];
}

/** Throws INVALID_ARGUMENT for a file whose ending says nothing. */
export function formatOf({ format, out }: { format?: PictureFormat; out?: string }): PictureFormat {
  if (format !== undefined || out === undefined) return format ?? 'text';
  const found = formatOfEnding.get(extname(out).toLowerCase());
  if (found !== undefined) return found;
  throw wrongUsage(`--out ${out}: pictures are written as ${endings}; for another ending name the --format too`);
}

function formatNamed(text: string): PictureFormat {
  // What text is, by its other name.
  const name = text === 'terminal' ? 'text' : text;
  const found = pictureFormats.find((format) => format === name);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`Allowed choices are ${pictureFormats.join(', ')}.`);
}
