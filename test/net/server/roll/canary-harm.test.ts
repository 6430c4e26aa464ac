// What bad new code costs as a canary: nobody but those whose calls it got, and them not for long.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { HeddleError } from '../../../../runtime/errors.ts';
import { eager, eventually } from '../../../faults/rig.ts';
import { Work } from './contracts.ts';
import { RollRig, yaml } from './rig.ts';

const rules = 'canary: 20%, warmUp: 100ms, window: 10m, windowMax: 10m, minRequests: 20, finishTakenBack: 24h';
const config = yaml({ threads: 1, more: `roll: { ${rules} }` }).replace(
  'pool: work,',
  'pool: work, maxConcurrency: 20,',
);

/** What callers without a deadline got, by version or code. */
class Outcomes {
  readonly counts = new Map<string, number>();
  open = 0;

  async add(call: Promise<{ version: number }>): Promise<void> {
    this.open++;
    const outcome = await call.then(
      ({ version }) => `v${version}`,
      (reason: unknown) => HeddleError.from(reason).code,
    );
    this.open--;
    this.counts.set(outcome, (this.counts.get(outcome) ?? 0) + 1);
  }

  of(outcome: string): number {
    return this.counts.get(outcome) ?? 0;
  }
}

test('new code that ends its threads is taken back, and the requests that ended them are served by the old code', async (t) => {
  await using rig = await RollRig.start(t, config, { restart: eager });
  const work = rig.client(Work);
  const outcomes = new Outcomes();
  writeWork(rig, 'process.exit(1)');
  let judged = false;
  const reload = rig.server.reload(rig.settings(config)).finally(() => {
    judged = true;
  });
  while (!judged) await outcomes.add(work.answer({ id: 1 }));
  const { canary, rolled } = await reload;
  t.deepEqual([canary!.goOn, rolled], [false, []]);
  t.is(canary!.why, 'the new code has ended 2 of its threads in pool work, the old code 0');
  t.true(outcomes.of('UNAVAILABLE') <= 4, `${outcomes.of('UNAVAILABLE')} calls were lost`);
  for (let id = 0; id < 20; id++) t.is((await work.answer({ id: 1 })).version, 1, 'the same body as those');
  await eventually('it has ended', () => rig.pool.generations.length === 1);
  t.deepEqual(rig.server.guards.quarantine.refused, []);
});

test('new code that hangs never has more than its share of the permits, and gives them back soon', async (t) => {
  await using rig = await RollRig.start(t, config);
  const work = rig.client(Work);
  const outcomes = new Outcomes();
  const { roller } = rig.server;
  writeWork(rig, 'await new Promise(() => {})');
  // What comes with the new code holds for it, though it is never in force.
  const settings = rig.settings(config.replace('finishTakenBack: 24h', 'finishTakenBack: 300ms'));
  const canary = await roller.canary({ settings, pools: ['work'], percent: 20 });
  const calls: Promise<void>[] = [];
  const callAll = async (count: number) => {
    for (let at = 0; at < count; at++) {
      const { open } = outcomes;
      calls.push(outcomes.add(work.answer({ id: at })));
      await eventually('it hangs, or is answered', () => outcomes.open <= open || rig.server.stats().fibers > open);
    }
  };
  await callAll(100);
  await eventually('all others are answered', () => outcomes.of('v1') === 96);
  t.is(outcomes.open, 4, 'a fifth of maxConcurrency, which is 20');
  await canary.rollBack();
  await eventually('they are answered', () => outcomes.open === 0);
  await Promise.all(calls);
  t.is(outcomes.of('UNAVAILABLE'), 4);
  await eventually('it has ended', () => rig.pool.generations.length === 1);
  t.deepEqual(rig.threads(), ['work-1']);
});

test('settings that change at once do not wait for a canary, and stay when that is taken back', async (t) => {
  const text = (limit: number, perConnection = 20) =>
    `${config.replace('window: 10m', 'window: 9m')}\nlimits: { requests: ${limit}, requestsPerConnection: ${perConnection} }\n`;
  const rig = new RollRig(t, text(500, 10));
  await using _ = rig;
  await rig.server.start();
  const { server } = rig;
  writeWork(rig, '');
  const tried = server.reload(rig.settings(text(500)));
  await eventually('the canary stands', () => {
    const state = server.reloads.state(undefined);
    return state.state === 'running' && state.canary !== undefined;
  });
  t.deepEqual(await server.reload(rig.settings(text(400))), {
    changed: ['limits.requests'],
    needsRestart: [],
    rolled: [],
    ioCode: [],
  });
  const inForce = () => {
    const { requests, requestsPerConnection } = server.settingsInForce.limits;
    return [requests, requestsPerConnection];
  };
  t.deepEqual(inForce(), [400, 10], 'what came with the canary waits for its verdict');
  writeWork(rig, 'void 0');
  const newer = server.reload(rig.settings(text(300)));
  await t.throwsAsync(server.reload(rig.settings(text(300)), { pools: ['wrok'] }), {
    message: /there is no pool "wrok"/,
  });
  server.reloads.decide(false);
  t.false((await tried).canary!.goOn);
  t.deepEqual(inForce(), [400, 10], 'newer code waits, and all that came with it');
  await eventually('the next canary stands', () => {
    const state = server.reloads.state(undefined);
    return state.state === 'running' && state.canary !== undefined;
  });
  server.reloads.decide(true);
  t.true((await newer).canary!.goOn);
  t.deepEqual(inForce(), [300, 20]);
  t.is((await rig.client(Work).answer({ id: 1 })).version, 2);
});

test('what new code has mended is served again: a quarantine ends with the code that earned it', async (t) => {
  await using rig = await RollRig.start(t, yaml({ threads: 1 }), { restart: eager });
  const work = rig.client(Work);
  const kill = () => t.throwsAsync(work.answer({ id: 1, act: 'exit' }));
  t.is((await kill()).message.includes('died'), true);
  await eventually('it is replaced', () => rig.pool.restarts === 1 && rig.pool.size === 1);
  await kill();
  await eventually('it is replaced', () => rig.pool.restarts === 2 && rig.pool.size === 1);
  t.like(await kill(), { code: 'FAILED_PRECONDITION' });
  writeWork(rig, '');
  await rig.roll();
  t.like(await work.answer({ id: 1, act: 'exit' }), { version: 2 });
});

/** Version 2, with this body. */
function writeWork(rig: RollRig, body: string): void {
  const url = (path: string): string => JSON.stringify(new URL(`../../../../${path}`, import.meta.url).href);
  writeFileSync(
    join(rig.folder, 'work.mjs'),
    `import { implement } from ${url('net/service/implement.ts')};
import { Work } from ${url('test/net/server/roll/contracts.ts')};
export default implement(Work, { async answer({ id }) { ${body}; return { id, version: 2, part: 2, inner: 0 }; } });
`,
  );
}
