// CPU threads that die by the thousand, at every instant of their work and of their birth.

import test from 'ava';
import { seededRandom } from '../../../runtime/clock.ts';
import { comesToRest, eager, openFiles, startRig } from '../rig.ts';
import { Front, request, Side, Work } from './services/contracts.ts';
import { places, shareRecord } from './services/record.ts';
import {
  answersCome,
  costNow,
  costSince,
  cpuDeaths,
  filesBack,
  judge,
  oneAttempt,
  Reaper,
  seed,
  spareWorkerFiles,
  startStormLoad,
  stillAnswers,
  stormPasses,
} from './storm.ts';

const services = `
io: { threads: 1 }
pools: { work: { threads: 3, timeout: none }, front: { threads: 3, timeout: none }, side: { threads: 1 } }
services:
  deaths.Work: { module: ../deaths/services/work.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
  deaths.Front: { module: ../deaths/services/front.ts, pool: front, listen: ["heddle://127.0.0.1:0"] }
  deaths.Side: { module: ../deaths/services/side.ts, pool: side, listen: ["heddle://127.0.0.1:0"] }
`;

test.serial(`${cpuDeaths} deaths of CPU threads at every instant cost nobody but their own requests`, async (t) => {
  t.timeout(120_000);
  t.log(`HEDDLE_SEED=${seed}`);
  const random = seededRandom(seed);
  const record = shareRecord(seed);
  const filesBefore = openFiles();
  {
    using reaper = new Reaper(record, random);
    await using rig = await startRig(services, { restart: eager });
    const pools = [rig.pool('work'), rig.pool('front')];
    const restarts = () => pools.reduce((sum, pool) => sum + pool.restarts, 0);
    const work = rig.client(Work, { ...oneAttempt, connections: 2 });
    const front = rig.client(Front, { ...oneAttempt, connections: 2 });
    const side = rig.client(Side, oneAttempt);
    await Promise.all([work, front, side].map((client, id) => client.handle(request(id, 16))));
    const filesAtStart = openFiles();
    const common = { random, dooms: ['exit', 'throw', 'reject'] as const };
    const loads = [
      startStormLoad({ ...common, name: 'work', callers: 16, firstId: 100, send: (body) => work.handle(body) }),
      startStormLoad({
        ...common,
        name: 'front',
        relays: true,
        callers: 12,
        firstId: 1 << 20,
        send: (body) => front.handle(body),
      }),
    ];
    const aside = startStormLoad({
      name: 'side',
      callers: 1,
      firstId: 3 << 19,
      send: (body) => side.handle(body),
      random,
    });
    const start = costNow();
    record.armed = true;
    reaper.hunt(pools);
    await stormPasses(t, cpuDeaths, () => Math.min(reaper.exits, restarts() / 0.9), record, places);
    record.armed = false;
    reaper.hunt([]);
    t.log(`${reaper.exits} deaths in ${costSince(start)}; of these ${restarts()} after main had heard of the thread`);
    t.log(places.map((place) => `${place} ${record.deathsAt(place)}`).join(', '));
    await answersCome(t, rig.server, loads);
    for (const { load } of [...loads, aside]) await load.stop();
    judge(t, [...loads, aside], record);
    t.deepEqual([...aside.load.failures], [], 'a bystander has seen nothing');
    for (const client of [work, front, side]) await stillAnswers(t, (body) => client.handle(body));
    await comesToRest(t, rig.server);
    await filesBack(t, filesAtStart, pools.length * spareWorkerFiles);
  }
  await filesBack(t, filesBefore);
});
