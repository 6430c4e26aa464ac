// packageHome: the folder of this package, two folders above this one in a checkout and three in the build; and what its
// package.json says that a new project takes over.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const packageHome: string = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../' : '../../../', import.meta.url),
);

export interface OwnManifest {
  version: string;
  engines: { node: string };
  devDependencies: Readonly<Record<string, string>>;
}

export function ownManifest(): OwnManifest {
  return JSON.parse(readFileSync(`${packageHome}package.json`, 'utf8')) as OwnManifest;
}
