// static-file: targets whose addresses stand in a JSON file, `[{ "host": "127.0.0.1", "port": 7001 }]`. What is written
// there counts within `everyMs`: `static-file://stock.json` is a file beside this one.

import { readFileSync } from 'node:fs';
import { definePlugin } from 'heddle/plugin';

export default definePlugin({
  name: 'static-file',
  // A client's connections live on IO threads, and with `via: caller` on CPU threads too.
  threads: ['io', 'cpu'],
  install(host) {
    const everyMs = Number(host.options.everyMs ?? 1_000);
    host.naming({
      name: 'static-file',
      watch({ text, client }, listener) {
        const file = new URL(text, import.meta.url);
        let known = '';
        let trouble = '';
        const look = (): void => {
          try {
            // A small file, read at once: an IO thread must not use libuv's thread pool.
            const written = readFileSync(file, 'utf8');
            if (written === known) return;
            listener(JSON.parse(written));
            known = written;
            trouble = '';
          } catch (reason) {
            // Not there yet, or half written: what was known stays, and the next look sees more.
            if (trouble === String(reason)) return;
            trouble = String(reason);
            host.log.warn({ client, file: file.pathname, trouble }, 'no addresses can be read');
          }
        };
        look();
        const timer = setInterval(look, everyMs);
        return () => clearInterval(timer);
      },
    });
  },
});
