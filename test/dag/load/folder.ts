// What the load tests share: strategy files and modules in a folder of their own, and their problems as they are printed.

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { LoadedStrategies } from '../../../dag/load/load-strategies.ts';
import { formatProblems } from '../../../document/format-problems.ts';
import { strategySource } from '../../../document/strategy-files.ts';
import type { StrategySource } from '../../../runtime/strategies.ts';

/** What modules in a folder import 'heddle' by. */
export const heddleIndex = JSON.stringify(fileURLToPath(new URL('../../../index.ts', import.meta.url)));

export interface Folder {
  path: string;
  source(name: string): StrategySource;
  /** As printed, without the folder. */
  printed(loaded: LoadedStrategies): string;
}

export function folderOf(t: ExecutionContext, files: Record<string, string>): Folder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'heddle-load-')));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return {
    path,
    source: (name) => strategySource(join(path, name), name),
    printed: ({ problems }) => formatProblems(problems).replaceAll(path, '/srv'),
  };
}
