// What threads compile is written before anybody waits for them: written later, it held an IO thread for seconds.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { startRig } from './rig.ts';
import { Work } from './services/contracts.ts';

test('a server that has started has written what its threads compiled, and writes nothing while it serves', async (t) => {
  // Threads inherit it; none of this process has loaded them before.
  const folder = mkdtempSync(join(tmpdir(), 'heddle-compiled-'));
  process.env.NODE_COMPILE_CACHE = folder;
  const written = () => readdirSync(folder, { recursive: true }).length;
  try {
    await using rig = await startRig(`
io: { threads: 1 }
pools: { work: { threads: 2 } }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
`);
    const atStart = written();
    t.true(atStart > 50, `${atStart} files`);
    const client = rig.client(Work);
    for (let id = 0; id < 20; id++) await client.mirror({ id, text: 'one' });
    t.is(written(), atStart);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
