// keepCompiled: what this thread has compiled goes into Node's compile cache, if it has one (bin/heddle.js gives it one),
// so that the threads and processes that replace it begin sooner. Node itself writes it when a process exits, which one
// that is killed never does. Called on one thread of each pool, before it serves, and on main before there are any: the
// writing blocks the thread. Writes nothing that is there already.

import { flushCompileCache, getCompileCacheDir } from 'node:module';

export function keepCompiled(): void {
  if (getCompileCacheDir() !== undefined) flushCompileCache();
}
