// What `import … from 'heddle/client'` gets: client.ts in a checkout, dist/client.js in the package; heddle.js says why. The
// names are those of client.ts (a test compares); the types come from there too.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

// The package ships no client.ts.
const api = createRequire(import.meta.url)(
  existsSync(new URL('./client.ts', import.meta.url)) ? './client.ts' : './dist/client.js',
);

export const {
  avro,
  bytes,
  connect,
  errorCodes,
  flatbuffers,
  gzip,
  HeddleError,
  json,
  method,
  registerCodec,
  service,
  zstd,
} = api;
