// `npm run bench -- page <file of --json> [html file]`: the page of a run that was measured before.

import { writeFileSync } from 'node:fs';
import { readResult } from '../result.ts';
import { pageOf } from './page.ts';

/** Its exit code. */
export function pageCommand([from, to, ...more]: readonly string[]): number {
  if (from === undefined || more.length > 0) {
    console.error(
      'npm run bench -- page <file of --json> [html file]: makes the page of a run that was measured before',
    );
    return 2;
  }
  const path = to ?? `${from.replace(/\.json$/, '')}.html`;
  try {
    writeFileSync(path, pageOf(readResult(from)));
  } catch (reason) {
    console.error(`no page of ${from}: ${(reason as Error).message}`);
    return 1;
  }
  console.log(`written to ${path}`);
  return 0;
}
