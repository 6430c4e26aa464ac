// The compressors that come with Heddle. zstd stands first: of several that a client likes equally, the first is taken.

import { gzip } from '../net/compression/gzip.ts';
import { zstd } from '../net/compression/zstd.ts';
import { definePlugin } from '../runtime/plugin.ts';

/** `options` are the config's section `compression`: see config/build-compression.ts. */
export default definePlugin({
  name: 'heddle.compressors',
  threads: ['io', 'cpu'],
  install(host) {
    const { zstdLevel, gzipLevel } = host.options as { zstdLevel?: number; gzipLevel?: number };
    host.compressor(zstd(zstdLevel));
    host.compressor(gzip(gzipLevel));
    return undefined;
  },
});
