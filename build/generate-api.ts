// Writes docs/api.md from the declarations of a build, which it makes in a folder of its own: `node build/generate-api.ts`.
// A test compares.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { apiReference } from './api-reference.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'heddle-api-'));
try {
  const tsc = [
    join(root, 'node_modules/.bin/tsc'),
    '-p',
    'tsconfig.build.json',
    '--emitDeclarationOnly',
    '--outDir',
    folder,
  ];
  execFileSync(execPath, tsc, { cwd: root, stdio: 'inherit' });
  writeFileSync(join(root, 'docs/api.md'), apiReference(folder));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
