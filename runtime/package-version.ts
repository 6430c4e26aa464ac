// packageVersion: the version that stands in package.json, one folder above this one in a checkout and two in the build.
// Read on main, for whoever prints it.

import { readFileSync } from 'node:fs';

export function packageVersion(): string {
  const up = import.meta.url.endsWith('.ts') ? '../package.json' : '../../package.json';
  const manifest = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as { version: string };
  return manifest.version;
}
