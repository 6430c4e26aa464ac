// The soak's server, a process of its own: starts, then tells its parent whatever that asks.

import { fates, threadNumberMax } from '../../runtime/shared/layout.ts';
import { held, openFiles, startRig } from '../faults/rig.ts';
import { probeMemory, switchMemoryProbeOn } from '../faults/services/memory-probe.ts';

export interface SoakReport {
  heddlePort: number;
  httpPort: number;
  /** Bytes in use after a collection, by thread; on main without what all threads share. */
  usedBytes: [number, number][];
  held: ReturnType<typeof held>;
  connections: number;
  files: number;
  threadNumbers: number;
  /** Processor time of this process so far, s. */
  cpuSeconds: number;
}

switchMemoryProbeOn();
const rig = await startRig(`
io: { threads: 2 }
pools: { work: { threads: 2, queue: 4096 }, side: { threads: 1, queue: 4096 } }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"] }
  faults.Side: { module: ./side.ts, pool: side, listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"] }
  faults.Inline: { module: ./inline.ts, pool: io, listen: ["heddle://127.0.0.1:0"] }
`);
const { server } = rig;
const threads = server.stats().threads;
let round = 0;

process.on('message', async (ask: 'report' | 'stop') => {
  if (ask === 'stop') {
    tell(await server.stop());
    process.disconnect?.();
    return;
  }
  const used = await probeMemory(++round, threads);
  used.set(0, used.get(0)! - sharedBytes());
  const report: SoakReport = {
    heddlePort: rig.port('heddle'),
    httpPort: rig.port('http'),
    usedBytes: [...used],
    held: held(server),
    connections: server.stats().connections,
    files: openFiles(),
    threadNumbers: server.supervisor.numbersInUse,
    cpuSeconds: cpuSeconds(),
  };
  tell(report);
});
tell('up');

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function tell(message: unknown): void {
  process.send?.(message as object);
}

/** Queues, tables and arenas: most of what the process holds, and always the same. */
function sharedBytes(): number {
  const { supervisor } = server;
  let bytes = supervisor.pools.reduce((sum, { memory }) => sum + memory.byteLength, 0);
  for (let number = 1; number <= threadNumberMax; number++) {
    if (supervisor.board.fate(number) !== fates.alive) continue;
    const { arena, table } = supervisor.memory(number);
    bytes += arena.byteLength + table.byteLength;
  }
  return bytes;
}
