// writeDocuments: the parts of README.md and docs/performance.md that are made of kept results, between two comments each.
// `node bench/documents.ts` makes them anew; a test sees that they are what it makes.

import { existsSync, readFileSync } from 'node:fs';
import { keep } from './keep.ts';
import { profileSection } from './profile/section.ts';
import { speedSection } from './readme-section.ts';
import { readResult } from './result.ts';

export interface DocumentPart {
  /** From the root of the checkout. */
  readonly file: string;
  /** In the comments around it. */
  readonly name: string;
  readonly text: string;
}

const root = new URL('../', import.meta.url);

/** Of what was never measured there is none: nothing stands between the comments. */
export function documentParts(): DocumentPart[] {
  const [all, profile] = [new URL('bench/results/all.json', root), new URL('bench/results/profile-unary.json', root)];
  return [
    { file: 'README.md', name: 'speed', text: existsSync(all) ? speedSection(readResult(all)) : '' },
    {
      file: 'docs/performance.md',
      name: 'profile',
      text: existsSync(profile) ? profileSection(JSON.parse(readFileSync(profile, 'utf8'))) : '',
    },
  ];
}

/** What stands between the comments of a part now. */
export function partOf(document: string, name: string): string {
  const { start, end } = placeOf(document, name);
  return document.slice(start, end);
}

export function writeDocuments(): void {
  for (const { file, name, text } of documentParts()) {
    const document = readFileSync(new URL(file, root), 'utf8');
    const { start, end } = placeOf(document, name);
    if (document.slice(start, end) !== text) keep(file, document.slice(0, start) + text + document.slice(end));
  }
}

function placeOf(document: string, name: string): { start: number; end: number } {
  const [opening, closing] = [`<!-- made by bench/documents.ts: ${name} -->\n`, `<!-- end of ${name} -->`];
  const start = document.indexOf(opening) + opening.length;
  const end = document.indexOf(closing, start);
  if (start < opening.length || end === -1)
    throw new Error(`there is no '${opening.trim()}' … '${closing}' to write between`);
  return { start, end };
}

if (import.meta.main) writeDocuments();
