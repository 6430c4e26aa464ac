// CodeLink (main thread): a symbolic link on the way to a file that threads have loaded. Deployments switch links: the file
// itself stays as it was, and the code is another all the same.

import { realpathSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type KeptResolution, resolutionOf } from '../../runtime/kept-code.ts';

export interface CodeLink {
  /** Absolute: what was asked for. */
  from: string;
  /** The file or folder that it led to, absolute and without links. */
  to: string;
}

/** The link by which a file was found; undefined: by none, or by the name of a package. */
export function linkOf({ key, url }: KeptResolution): CodeLink | undefined {
  const { parent, specifier } = resolutionOf(key);
  if (!/^(?:file:|\.{0,2}\/)/.test(specifier) || !url.startsWith('file:')) return undefined;
  try {
    const asked = specifier.startsWith('/') ? specifier : fileURLToPath(new URL(specifier, parent));
    const path = fileURLToPath(url);
    if (asked === path) return undefined;
    // `require` may have added an extension, or the name of a file in a folder; a loader of the user's may do anything.
    const ways = [
      { from: asked, to: path },
      { from: asked + extname(path), to: path },
      { from: asked, to: dirname(path) },
    ];
    const way = ways.find(({ from, to }) => leadsTo(from) === to);
    return way?.from === way?.to ? undefined : way;
  } catch {
    // Its URL is none of a file here.
    return undefined;
  }
}

export function isSwitched({ from, to }: CodeLink): boolean {
  return leadsTo(from) !== to;
}

/** Undefined: nowhere. */
function leadsTo(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
