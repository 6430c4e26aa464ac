// versionLine: what `heddle version` prints.

import { packageVersion } from '../runtime/package-version.ts';

/** `heddle 0.1.0 (Node v26.10.0)`. */
export function versionLine(): string {
  return `heddle ${packageVersion()} (Node ${process.version})`;
}
