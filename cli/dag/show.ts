// `heddle dag show`: the picture of a strategy, on the terminal or as a file.

import type { StrategyDefinition } from '../../dag/definition.ts';
import { drawMermaid } from '../../dag/draw/mermaid.ts';
import { drawSvg } from '../../dag/draw/svg.ts';
import { drawTerminal } from '../../dag/draw/terminal.ts';
import { exitCodes } from '../exit-codes.ts';
import { atLevel } from './at-level.ts';
import { type LoadOptions, loadOne } from './load.ts';
import { looks, put } from './output.ts';
import { picturePage } from './page.ts';
import { formatOf, type PictureFormat } from './picture-format.ts';

export interface ShowOptions extends LoadOptions {
  /** Default: what the ending of `out` says, else text. */
  format?: PictureFormat;
  out?: string;
  level?: number;
}

/** Resolves with the exit code. Throws FAILED_PRECONDITION for mistakes in the strategies. */
export async function dagShow(nameOrFile: string, files: readonly string[], options: ShowOptions): Promise<number> {
  const { format: _, out, level = 0, ...where } = options;
  const format = formatOf(options);
  // What nodes run changes nothing in the picture.
  const { definition } = await loadOne(nameOrFile, files, { ...where, modules: false });
  put(pictureOf(atLevel(definition, level), format, out === undefined), out);
  return exitCodes.ok;
}

function pictureOf(definition: StrategyDefinition, format: PictureFormat, onTerminal: boolean): string {
  switch (format) {
    case 'svg':
      return drawSvg(definition);
    case 'mermaid':
      return drawMermaid(definition);
    case 'html': {
      const { name, description, origin } = definition;
      return picturePage({ title: name, description, origin, svg: drawSvg(definition) });
    }
    case 'text': {
      const { width, colour } = looks();
      return drawTerminal(definition, { width, colour: onTerminal && colour });
    }
  }
}
