// The codecs that come with Heddle.

import { builtInCodecs } from '../net/codec/built-in-codecs.ts';
import { definePlugin } from '../runtime/plugin.ts';

export default definePlugin({
  name: 'heddle.codecs',
  threads: ['io', 'cpu'],
  install(host) {
    for (const definition of builtInCodecs) host.codec(definition);
    return undefined;
  },
});
