// The whole process dies under load, in each way that no thread survives: the guardian starts it again, clients find it
// again by themselves and go on, and no answer is another request's.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { connect } from '../../net/client/connect.ts';
import { Heddle, temporaryFolder } from '../cli/heddle.ts';
import { freePort } from '../helpers/free-port.ts';
import { codesOf, endLoads, startLoad } from './load.ts';
import { eventually } from './rig.ts';
import { TakesProcess } from './services/takes-process.ts';

const module = fileURLToPath(new URL('./services/takes-process.ts', import.meta.url));

/** A service of this size is back within 1 s; a machine that runs other tests as well may need much longer. */
const backWithinMs = 20_000;

interface Death {
  law: string;
  /** Ends the process `pid`; by a call of its own service, or from outside. */
  kill(pid: number, doom: (how: 'huge-allocation' | 'abort' | 'segfault') => void): void;
  said: RegExp;
}

const deaths: Death[] = [
  {
    law: 'SIGKILL from outside',
    kill: (pid) => process.kill(pid, 'SIGKILL'),
    said: /was ended by SIGKILL \(kill -9, or the system's out-of-memory killer\)/,
  },
  {
    law: "a handler's one huge allocation past the heap limit",
    kill: (_pid, doom) => doom('huge-allocation'),
    said: /was ended by SIG(ABRT|TRAP) \(an abort/,
  },
  { law: 'an abort of native code', kill: (_pid, doom) => doom('abort'), said: /was ended by SIGABRT \(an abort/ },
  { law: 'a crash of native code', kill: (_pid, doom) => doom('segfault'), said: /was ended by SIGSEGV \(a crash/ },
];

for (const { law, kill, said } of deaths) {
  test.serial(`${law}: started again, and clients go on`, async (t) => {
    const { running, port } = await start(t);
    t.teardown(endLoads);
    const client = connect(TakesProcess, { target: `heddle://127.0.0.1:${port}`, timeoutMs: 3 * backWithinMs });
    const pids = new Set<number>();
    const load = startLoad(16, 0, async (id) => {
      const reply = await client.echo({ id });
      pids.add(reply.pid);
      return reply.id === id;
    });
    await eventually('load', () => load.good > 200);
    const [first = 0] = pids;
    const doomed = connect(TakesProcess, { target: `heddle://127.0.0.1:${port}`, timeoutMs: 3 * backWithinMs });
    const dooms: Promise<unknown>[] = [];
    kill(first, (how) => {
      dooms.push(doomed.doom({ how }));
    });
    await running.until('stderr', said);
    const diedMs = performance.now();
    await eventually('answers of the next process', () => pids.size === 2, backWithinMs);
    t.log(`answered again ${Math.round(performance.now() - diedMs)} ms after the death`);
    for (const outcome of await Promise.allSettled(dooms)) {
      t.like(outcome, { status: 'rejected', reason: { code: 'UNAVAILABLE' } });
    }
    const good = load.good;
    await eventually('load as before', () => load.good > good + 200);
    await load.stop();
    t.is(load.wrong, 0);
    t.deepEqual(
      codesOf(load).filter((code) => code !== 'UNAVAILABLE'),
      [],
    );
    t.log(`${load.good} answered, ${load.failures.get('UNAVAILABLE')?.count ?? 0} UNAVAILABLE`);
    await Promise.all([client.close(), doomed.close()]);
    t.regex(running.stdout, /"level":"error".*"started again: the process before this one was ended by SIG/);
    running.kill('SIGTERM');
    t.is((await running.ended).code, 0);
  });
}

async function start(t: Parameters<typeof temporaryFolder>[0]): Promise<{ running: Heddle; port: number }> {
  const port = await freePort();
  const config = join(temporaryFolder(t), 'heddle.yaml');
  const listen = `["heddle://127.0.0.1:${port}"]`;
  writeFileSync(
    config,
    `io: { threads: 1 }
services:
  faults.TakesProcess: { module: ${JSON.stringify(module)}, pool: { threads: 1, memory: 32MiB }, listen: ${listen} }
`,
  );
  const running = new Heddle(['start', config, '--no-status']);
  t.teardown(() => running.kill('SIGKILL'));
  await running.until('stdout', /Ctrl-C/);
  return { running, port };
}
