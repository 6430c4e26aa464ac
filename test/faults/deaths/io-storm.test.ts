// IO threads that die by the hundred, in the middle of anything: requests of sockets, replies, calls to elsewhere.

import test from 'ava';
import { seededRandom } from '../../../runtime/clock.ts';
import { comesToRest, eager, eventually, openFiles, startRig } from '../rig.ts';
import { Caller, Inline, request, Work } from './services/contracts.ts';
import { type Place, shareRecord } from './services/record.ts';
import {
  answersCome,
  costNow,
  costSince,
  filesBack,
  ioDeaths,
  judge,
  oneAttempt,
  Reaper,
  type StormLoad,
  seed,
  startStormLoad,
  stillAnswers,
  stormPasses,
} from './storm.ts';

const far = `
io: { threads: 1 }
pools: { far: { threads: 1 } }
services:
  deaths.Far: { module: ../deaths/services/far.ts, pool: far, listen: ["heddle://127.0.0.1:0"] }
`;

const services = (port: number) => `
io: { threads: 3 }
pools: { work: { threads: 1 }, caller: { threads: 3 } }
services:
  deaths.Work: { module: ../deaths/services/plain-work.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
  deaths.Caller: { module: ../deaths/services/caller.ts, pool: caller, listen: ["heddle://127.0.0.1:0"] }
  deaths.Inline: { module: ../deaths/services/inline.ts, pool: io, listen: ["heddle://127.0.0.1:0"] }
clients:
  deaths.Far: { target: "heddle://127.0.0.1:${port}" }
`;

const placesOfIo: readonly Place[] = ['put', 'lease', 'drain', 'take', 'mark', 'publish', 'bell', 'load', 'turn'];

test.serial(`${ioDeaths} deaths of IO threads close connections and settle all that went through them`, async (t) => {
  t.timeout(120_000);
  t.log(`HEDDLE_SEED=${seed}`);
  const random = seededRandom(seed);
  const record = shareRecord(seed);
  const filesBefore = openFiles();
  {
    await using behind = await startRig(far);
    using reaper = new Reaper(record, random);
    await using rig = await startRig(services(behind.port('heddle')), { restart: eager });
    const { ioPool } = rig.server;
    const options = { ...oneAttempt, connections: 4, reconnectGraceMs: 30_000 };
    const work = rig.client(Work, options);
    const inline = rig.client(Inline, options);
    const caller = rig.client(Caller, options);
    await Promise.all([work, inline, caller].map((client, id) => client.handle(request(id, 16))));
    await eventually('12 connections', () => rig.server.stats().connections === 12);
    const filesAtStart = openFiles();
    const loads = [
      startStormLoad({ name: 'work', callers: 12, firstId: 100, send: (body) => work.handle(body), random }),
      startStormLoad({ name: 'inline', callers: 6, firstId: 1 << 19, send: (body) => inline.handle(body), random }),
      startStormLoad({
        name: 'caller',
        relays: true,
        callers: 12,
        firstId: 1 << 20,
        send: (body) => caller.handle(body),
        random,
      }),
    ];
    const start = costNow();
    record.armed = true;
    reaper.hunt([ioPool]);
    await stormPasses(t, ioDeaths, () => reaper.exits, record, placesOfIo);
    record.armed = false;
    reaper.hunt([]);
    t.log(`${reaper.exits} deaths in ${costSince(start)}`);
    t.log(placesOfIo.map((place) => `${place} ${record.deathsAt(place)}`).join(', '));
    await answersCome(t, rig.server, loads);
    for (const { load } of loads) await load.stop();
    judge(t, loads, record);
    for (const client of [work, inline, caller]) await stillAnswers(t, (body) => client.handle(body));
    await comesToRest(t, rig.server);
    await comesToRest(t, behind.server);
    await eventually('all connections are back', () => rig.server.stats().connections === 12);
    t.deepEqual(unsettled(loads[0]!), [], 'what ran for a dead IO thread has ended or was told to');
    t.is(reaper.exits, ioPool.restarts, 'each of them was replaced');
    // By now each IO thread has a connection to the other server, whose end of it is of this process too.
    await filesBack(t, filesAtStart, 2 * ioPool.size);
  }
  await filesBack(t, filesBefore);

  /** Requests that began in a thread that lives on, and neither ended nor were told that nobody waits for them. */
  function unsettled({ firstId, outcomes }: StormLoad): number[] {
    return [...outcomes.keys()].filter((at) => {
      const { began, ended, unwanted } = record.runsOf(firstId + at);
      return began === 1 && ended === 0 && unwanted === 0;
    });
  }
});
