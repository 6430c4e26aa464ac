// The Reloader with config sources that fail, contradict, say nonsense, or talk all the time.

import test from 'ava';
import type { ReloadRequest } from '../../../net/server/reload-report.ts';
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
  const live = new ServerLive(settingsOf(yaml(1)), { logHub, log, clock, onTaken: () => {}, turn: () => undefined });
  const reads: string[][] = [];
  const read: ReadSettings = (sources) => {
    const overrides = sources.map(({ text }) => text);
    reads.push(overrides);
    if (overrides.some((one) => one.includes('"loud"')))
      throw new HeddleError('FAILED_PRECONDITION', 'no level is loud');
    return settingsOf(yaml(1));
  };
  const requests: ReloadRequest[] = [];
  const beside: ReloadRequest[] = [];
  const trying = { percent: 10, tookMs: 1, methods: [] };
  const steps = {
    check: ({ pools }: ReloadRequest) => {
      if (pools?.includes('wrok')) throw new HeddleError('INVALID_ARGUMENT', 'there is no pool "wrok"');
    },
    takeBeside: async (_: unknown, request: ReloadRequest) => {
      beside.push(request);
      return request.code === false ? { changed: ['a'], needsRestart: [], rolled: [], ioCode: [] } : undefined;
    },
    take: async (_: unknown, request: ReloadRequest) => {
      requests.push(request);
      await settle();
      return { changed: [], needsRestart: [], rolled: [], ioCode: [] };
    },
    stop: () => {},
    decide: () => {},
    canary: undefined as typeof trying | undefined,
  };
  const reloader = new Reloader({ read, sources: registry, steps, clock, log });
  return { reloader, reads, clock, kept, live, levels, requests, beside, steps, trying };
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

test('those who share a reload get what any of them wants', async (t) => {
  const { reloader, requests } = rig();
  void reloader.reload({ code: false });
  void reloader.reload({ code: false });
  void reloader.reload({ pools: ['a'], canaryPercent: 5, by: 'admin' });
  await reloader.reload({ pools: ['b'] });
  t.deepEqual(requests, [
    { code: false },
    { code: true, pools: ['a', 'b'], canaryPercent: 5, by: 'program and others' },
  ]);
});

test('a mistaken request fails alone, strict ones and programs’ settings are no others’ affair', async (t) => {
  const { reloader, requests } = rig();
  void reloader.reload();
  const good = reloader.reload({ pools: ['a'] });
  await t.throwsAsync(reloader.reload({ pools: ['wrok'] }), { message: /wrok/ });
  const strict = reloader.reload({ strict: true });
  const given = reloader.take(settingsOf(yaml(2)), { pools: ['a', 'b'] });
  await reloader.reload({ pools: ['b'] });
  await Promise.all([good, strict, given]);
  t.deepEqual(requests, [{}, { pools: ['a'] }, { strict: true }, { pools: ['a', 'b'] }, { pools: ['b'] }]);
});

test('the most cautious canary that was asked for wins, and a pool that is named often rolls once', async (t) => {
  const merged = async (...percents: (number | undefined)[]) => {
    const { reloader, requests } = rig();
    void reloader.reload();
    for (const canaryPercent of percents) void reloader.reload({ pools: ['a'], canaryPercent });
    await reloader.reload({ pools: ['a'], canaryPercent: percents[0] });
    t.deepEqual(requests[1]!.pools, ['a']);
    return requests[1]!.canaryPercent;
  };
  t.is(await merged(10, 0), 10, 'as --watch asks');
  t.is(await merged(0, 25, 5, undefined), 5);
  t.is(await merged(0, undefined), undefined, 'as the settings say');
  t.is(await merged(0, 0), 0);
});

test('what changes at once does not wait for a canary; what waits says for what', async (t) => {
  const { reloader, steps, trying, requests, beside } = rig();
  const ended = Promise.withResolvers<void>();
  const { take } = steps;
  steps.take = async (next, request) => {
    if (requests.length === 0) await ended.promise;
    return take(next, request);
  };
  const canary = reloader.reload();
  await settle();
  steps.canary = trying;
  t.deepEqual((await reloader.reload({ code: false })).changed, ['a']);
  const waits = [reloader.reload({ pools: ['a'] }), reloader.reload({ pools: ['b'] })];
  await settle();
  t.deepEqual(reloader.state(3), { id: 3, state: 'waiting', waitsFor: 'the canary of reload 1' });
  t.like(reloader.state(4), { id: 3, state: 'waiting' }, 'it is one with that');
  t.is(beside.length, 3);
  ended.resolve();
  await canary;
  steps.canary = undefined;
  await Promise.all(waits);
  t.deepEqual(requests.slice(1), [{ code: true, pools: ['a', 'b'], canaryPercent: undefined, by: undefined }]);
  t.like(reloader.state(4), { id: 3, state: 'done' });
});

test('a reload is known by its number while it waits, runs, and for a while after', async (t) => {
  const { reloader, clock } = rig();
  t.like(reloader.state(undefined), { state: 'none' });
  const asked = reloader.ask({}, 0);
  const waiting = reloader.reload();
  await clock.advance(0);
  const { id } = await asked;
  t.like(reloader.state(id), { state: 'done', report: { changed: [] } });
  await waiting;
  t.is(reloader.state(undefined).id, id + 1);
  for (let more = 0; more < 8; more++) await reloader.reload();
  t.throws(() => reloader.state(id), { message: `reload ${id} is not remembered` });
  await reloader.part().stop();
  await t.throwsAsync(reloader.reload());
  t.like(reloader.state(undefined), { state: 'failed', code: 'CANCELLED' });
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

test('a changed level of the log holds, however much else has changed', async (t) => {
  const { live, levels } = rig();
  const next = settingsOf(yaml(200));
  await live.take({ ...next, log: { ...next.log, level: 'debug' } });
  t.deepEqual(levels, [{ level: 'debug', levels: {} }]);
});
