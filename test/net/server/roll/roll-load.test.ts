// Rolls under load: no request fails, no connection closes, and nothing is left over. HEDDLE_ROLLS=200 for the long run.

import test from 'ava';
import { eventually, openFiles } from '../../../faults/rig.ts';
import { RollCallers } from './callers.ts';
import { RollRig, yaml } from './rig.ts';

const rolls = Number(process.env.HEDDLE_ROLLS ?? 12);
/** What threads that live may keep of dead ones' rings until they next collect garbage, bytes: about a hundred rolls. */
const uncollectedBytesMax = 128 * 1_048_576;

/** What this process holds when it is at rest: ports and files, and bytes of ArrayBuffers. */
async function held(rig: RollRig): Promise<{ ports: number; files: number; bytes: number }> {
  await eventually('old generations have ended', () => rig.pool.generations.length === 1);
  await eventually('all numbers are free', () => rig.server.supervisor.numbersInUse === 3);
  const files = openFiles();
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    globalThis.gc!();
  }
  const ports = process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
  return { ports, files, bytes: process.memoryUsage().arrayBuffers };
}

test('rolls under 64 connections of load fail no request, close no connection, and leave nothing behind', async (t) => {
  t.timeout(1_200_000);
  await using rig = await RollRig.start(t, yaml({ threads: 1 }));
  const { ledger } = rig.server.acceptor;
  let closed = 0;
  const close = ledger.close.bind(ledger);
  ledger.close = (number) => {
    closed++;
    close(number);
  };
  let version = 1;
  const roll = async (count: number, callers: RollCallers) => {
    for (const last = version + count; version < last; callers.least = version) {
      rig.write(++version);
      t.deepEqual((await rig.roll()).late, []);
    }
  };
  const underLoad = async (count: number) => {
    const callers = new RollCallers(rig, 40);
    await eventually('all have called', () => callers.good > 128 || callers.wrong.length > 0);
    t.is(ledger.size, 64);
    const [before, cpu] = [callers.good, process.cpuUsage()];
    await roll(count, callers);
    const { user, system } = process.cpuUsage(cpu);
    t.log({ calls: callers.good - before, cpuMsPerRoll: Math.round((user + system) / 1000 / count) });
    t.deepEqual([closed, ledger.size], [0, 64]);
    await callers.stop();
    t.deepEqual(callers.wrong, []);
    await eventually('all connections have closed', () => ledger.size === 0);
    closed = 0;
  };
  await underLoad(4);
  const before = await held(rig);
  await underLoad(rolls - 4);
  const after = await held(rig);
  t.log({ before, after });
  t.deepEqual([after.ports, after.files], [before.ports, before.files]);
  t.true(after.bytes - before.bytes < uncollectedBytesMax, `${after.bytes - before.bytes} bytes`);
});
