// Backends: processes that a server of a scenario calls, and that are not what is measured: it starts them itself, and they
// end with it.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** How long they may take to listen, ms. */
const startMaxMs = 30_000;

/** In the server: the ports on which `script`, a file: URL that calls serveBackends, listens. Rejects when it ends before. */
export async function startBackends(script: string): Promise<readonly number[]> {
  const child = fork(fileURLToPath(script), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const signal = AbortSignal.timeout(startMaxMs);
  const ended = once(child, 'exit', { signal }).then(([code, name]) => {
    throw new Error(`the backends in ${script} have ended before they listened, with ${code ?? name}`);
  });
  try {
    const [ports] = await Promise.race([once(child, 'message', { signal }), ended]);
    return ports;
  } catch (reason) {
    child.kill('SIGKILL');
    throw reason;
  } finally {
    ended.catch(() => {});
  }
}

/** In the process of the backends, once all listen on 127.0.0.1. */
export function serveBackends(ports: readonly number[]): void {
  process.once('disconnect', () => process.exit());
  process.send!(ports);
}
