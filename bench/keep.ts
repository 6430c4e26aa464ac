// keep: writes a file of the repository that is made by the bench, and says so.

import { mkdirSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);

/** `path` from the root of the checkout. */
export function keep(path: string, text: string): void {
  const file = new URL(path, root);
  mkdirSync(new URL('.', file), { recursive: true });
  writeFileSync(file, text);
  console.log(`kept in ${relative(process.cwd(), fileURLToPath(file))}`);
}
