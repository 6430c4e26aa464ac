// The protocols that come with Heddle. A thread loads the code of those that its listeners speak.

import { definePlugin } from '../runtime/plugin.ts';

export default definePlugin({
  name: 'heddle.protocols',
  threads: ['io'],
  install(host) {
    host.protocol({
      name: 'heddle',
      open: async (thread) => {
        const { heddleProtocol } = await import('../net/protocol/heddle/heddle-protocol.ts');
        return heddleProtocol(thread);
      },
    });
    host.protocol({
      name: 'http',
      open: async (thread) => {
        const { httpProtocol } = await import('../net/protocol/http/http-protocol.ts');
        return httpProtocol(thread);
      },
    });
  },
});
