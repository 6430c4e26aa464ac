// packageVersion: the version that stands in package.json, one folder above cli/ in a checkout and two in the build.

import { readFileSync } from 'node:fs';

export function packageVersion(): string {
  const up = import.meta.url.endsWith('.ts') ? '../package.json' : '../../package.json';
  const manifest = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as { version: string };
  return manifest.version;
}

/** `heddle 0.1.0 (Node v26.10.0)`. */
export function versionLine(): string {
  return `heddle ${packageVersion()} (Node ${process.version})`;
}
