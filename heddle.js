// What `import … from 'heddle'` gets: index.ts in a checkout, dist/index.js in the package, where Node strips no types.
// package.json can name one file only; this one picks, so that one package.json serves both and threads, which inherit
// no loader, need nothing. The names are those of index.ts (a test compares); the types come from there too. Bundlers,
// which can't follow this choice, take the build (condition `module` in package.json).

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

// The package ships no index.ts.
const api = createRequire(import.meta.url)(
  existsSync(new URL('./index.ts', import.meta.url)) ? './index.ts' : './dist/index.js',
);

export const {
  avro,
  bytes,
  Channel,
  Condition,
  connect,
  currentFiber,
  definePlugin,
  errorCodes,
  fiberLocal,
  flatbuffers,
  formatProblems,
  gzip,
  HeddleError,
  implement,
  json,
  Latch,
  Mutex,
  method,
  readConfig,
  registerCodec,
  RwLock,
  Semaphore,
  Server,
  service,
  strategy,
  strategyMethod,
  task,
  zstd,
} = api;
