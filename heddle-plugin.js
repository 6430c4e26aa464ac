// What `import … from 'heddle/plugin'` gets: plugin.ts in a checkout, dist/plugin.js in the package; heddle.js says why. The
// names are those of plugin.ts (a test compares); the types come from there too.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

// The package ships no plugin.ts.
const api = createRequire(import.meta.url)(
  existsSync(new URL('./plugin.ts', import.meta.url)) ? './plugin.ts' : './dist/plugin.js',
);

export const {
  callFlags,
  codecIds,
  codeNumber,
  codeOfNumber,
  decodeMetadata,
  definePlugin,
  emptyCallHead,
  emptyCallReply,
  encodeMetadata,
  errorCodes,
  HeddleError,
  metadataMaxBytes,
  noBytes,
  pluginCodecIdMax,
  pluginCodecIdMin,
  priorities,
} = api;
