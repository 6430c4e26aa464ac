// The Reloader with config sources that fail, contradict, say nonsense, or talk all the time.

import test from 'ava';
import { type ReadSettings, Reloader } from '../../../net/server/reloader.ts';
import { ServerLive } from '../../../net/server/server-live.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import type { ConfigSourceDefinition } from '../../../runtime/plugins/config-source.ts';
import { Registry } from '../../../runtime/plugins/registry.ts';
import { settingsOf } from '../../faults/rig.ts';
import { settle, VirtualClock } from '../../helpers/virtual-clock.ts';
import { KeptLog } from '../../runtime/plugins/modules.ts';

const yaml = (degraders: number) => `
services: { faults.Work: { module: ./work.ts, listen: ["heddle://127.0.0.1:0"] } }
degraders: { ${Array.from({ length: degraders }, (_, at) => `d${at}: { count: 1 }`).join(', ')} }
`;

function rig(...sources: ConfigSourceDefinition[]) {
  const clock = new VirtualClock();
  const kept = new KeptLog();
  const log = kept.logger('config');
  const registry = new Registry<ConfigSourceDefinition>('config source');
  for (const source of sources) registry.add('test', source);
  const levels: unknown[] = [];
  const logHub = { setLevels: (level: unknown) => levels.push(level) };
  const live = new ServerLive(settingsOf(yaml(1)), { logHub, log, tell: () => {} });
  const reads: string[][] = [];
  const read: ReadSettings = (sources) => {
    const overrides = sources.map(({ text }) => text);
    reads.push(overrides);
    if (overrides.some((one) => one.includes('"loud"')))
      throw new HeddleError('FAILED_PRECONDITION', 'no level is loud');
    return settingsOf(yaml(1));
  };
  const reloader = new Reloader({ read, sources: registry, live, clock, log });
  return { reloader, reads, clock, kept, live, levels };
}

test('a later source wins over an earlier one, also when the earlier one came later', async (t) => {
  let down = true;
  const first = { name: 'first', read: () => (down ? Promise.reject(new Error('down')) : { 'log.level': 'debug' }) };
  const { reloader, reads } = rig(first, { name: 'second', read: () => ({ 'log.level': 'warn' }) });
  await reloader.reload();
  t.deepEqual(reads.at(-1), ['log.level="warn"']);
  down = false;
  await reloader.reload();
  t.deepEqual(reads.at(-1), ['log.level="debug"', 'log.level="warn"']);
});

test('a source that says what is wrong is left out and named; the others are taken over', async (t) => {
  const { reloader, reads, kept } = rig(
    { name: 'bad', read: () => ({ 'log.level': 'loud' }) },
    { name: 'good', read: () => ({ 'stop.timeout': '5s' }) },
  );
  await reloader.reload();
  t.deepEqual(reads.at(-1), ['stop.timeout="5s"']);
  t.true(kept.lines.includes('error config: a config source says what is wrong; it was not taken over'));
  t.regex(String(kept.errors[0]), /no level is loud/);
  const before = reads.length;
  await reloader.reload();
  t.deepEqual(reads.at(-1), ['stop.timeout="5s"']);
  t.true(reads.length > before);
});

test('however often sources change, one reload runs and one waits, which all share', async (t) => {
  let asked = 0;
  const { reloader } = rig({
    name: 'slow',
    read: async () => {
      asked++;
      await settle();
      return {};
    },
  });
  const first = reloader.reload();
  const waiting = Array.from({ length: 100 }, () => reloader.reload());
  t.is(new Set(waiting).size, 1);
  await Promise.all([first, ...waiting]);
  t.is(asked, 2);
});

test('a reload that a stop overtakes changes nothing', async (t) => {
  const answer = Promise.withResolvers<Record<string, never>>();
  const { reloader, reads } = rig({ name: 'slow', read: () => answer.promise });
  const reloading = t.throwsAsync(reloader.reload(), { code: 'CANCELLED' });
  await reloader.part().stop();
  answer.resolve({});
  await reloading;
  t.deepEqual(reads, []);
});

test('a changed level of the log holds, however much else has changed', (t) => {
  const { live, levels } = rig();
  const next = settingsOf(yaml(200));
  live.reload({ ...next, log: { ...next.log, level: 'debug' } });
  t.deepEqual(levels, [{ level: 'debug', levels: {} }]);
});
