// What `import … from 'heddle/testing'` gets: testing.ts in a checkout, dist/testing.js in the package; heddle.js says why. The
// names are those of testing.ts (a test compares); the types come from there too.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

// The package ships no testing.ts.
const api = createRequire(import.meta.url)(
  existsSync(new URL('./testing.ts', import.meta.url)) ? './testing.ts' : './dist/testing.js',
);

export const { backend, everySeed, SeedFailure, SimFailure, simulate } = api;
