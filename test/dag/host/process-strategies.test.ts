// ProcessStrategies: a version comes to all threads or to none, whatever threads do meanwhile. Threads here are what main
// knows of them: their numbers and what they were told; files, checks and the thread that loads them are real.

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { FromStrategies, ThreadBirth, ToStrategies } from '../../../dag/host/messages.ts';
import { openStrategies, type VersionReport } from '../../../dag/host/process-strategies.ts';
import type { StrategiesReport } from '../../../dag/host/strategy-report.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import type { StrategyProcess, StrategyQuestion } from '../../../runtime/strategies.ts';
import { settle, VirtualClock } from '../../helpers/virtual-clock.ts';
import { folderOf } from '../load/folder.ts';
import { keptLog, type Logged } from './world.ts';

const constant = (value: number) => `strategy: feed\nnodes: { a: { value: ${value} } }\noutput: a\n`;

class World {
  readonly clock = new VirtualClock();
  readonly told = new Map<number, Exclude<ToStrategies, { say: 'call' }>[]>();
  readonly lines: Logged[];
  readonly path: string;
  strategies!: StrategyProcess;
  /** What a thread answers to an offer; default: that it has loaded it. */
  answer: (thread: number, version: number) => FromStrategies | undefined = (_, version) => {
    return { say: 'loaded', version };
  };
  /** Threads that do not answer when they are called. */
  readonly busy = new Set<number>();
  readonly #log;

  private constructor(path: string) {
    const { log, lines } = keptLog();
    this.path = path;
    this.lines = lines;
    this.#log = log;
  }

  static async of(t: ExecutionContext): Promise<World> {
    const folder = folderOf(t, { 'feed.yaml': constant(1) });
    const world = new World(folder.path);
    const find = { written: ['*.yaml'], baseDir: folder.path, shownDir: '.' };
    const settings = { sources: [folder.source('feed.yaml')], find, processUrl: '', threadUrl: '' };
    world.strategies = await openStrategies(settings, {
      pools: ['work'],
      clock: world.clock,
      log: world.#log,
      tell: (thread, message) => world.#tell(thread, structuredClone(message) as ToStrategies),
    });
    return world;
  }

  #tell(thread: number, message: ToStrategies): boolean {
    const told = this.told.get(thread);
    if (told === undefined) return false;
    if (message.say === 'call') {
      if (!this.busy.has(thread)) this.strategies.onMessage(thread, { say: 'here', call: message.call });
      return true;
    }
    told.push(message);
    if (message.say === 'offer') {
      const answer = this.answer(thread, message.set.version);
      if (answer !== undefined) this.strategies.onMessage(thread, answer);
    }
    return true;
  }

  born(thread: number): ThreadBirth {
    this.told.set(thread, []);
    return this.strategies.birth(thread) as ThreadBirth;
  }

  going(...threads: number[]): void {
    for (const thread of threads) {
      if (!this.told.has(thread)) this.born(thread);
      this.strategies.onGoing(thread);
    }
  }

  dies(thread: number): void {
    this.told.delete(thread);
    this.strategies.onGone(thread);
  }

  write(text: string): void {
    writeFileSync(join(this.path, 'feed.yaml'), text);
  }

  ask<Answer>(question: StrategyQuestion): Promise<Answer> {
    return this.strategies.ask(question) as Promise<Answer>;
  }

  async publish(value: number): Promise<{ version: number; changed: boolean }> {
    this.write(constant(value));
    return this.ask({ ask: 'publish' });
  }

  /** `offer 2`, `use 2`, `level 1`. */
  said(thread: number): string[] {
    return this.told.get(thread)!.map((message) => {
      if (message.say === 'offer') return `offer ${message.set.version}`;
      return message.say === 'level' ? `level ${message.level}` : `${message.say} ${message.version}`;
    });
  }

  async versions(): Promise<string[]> {
    const { versions } = await this.ask<{ versions: VersionReport[] }>({ ask: 'history' });
    return versions.map(({ version, by, inUse }) => `${version} ${by}${inUse ? ' in use' : ''}`);
  }

  /** Waits until a thread has been told that. */
  async heard(thread: number, what: string): Promise<void> {
    while (!this.said(thread).includes(what)) await settle();
  }
}

test('a new version is offered to all threads, and used by all when all have loaded it', async (t) => {
  const world = await World.of(t);
  world.going(1, 2);
  world.answer = () => undefined;
  const published = world.publish(2);
  await world.heard(2, 'offer 2');
  world.strategies.onMessage(1, { say: 'loaded', version: 2 } satisfies FromStrategies);
  await settle();
  t.deepEqual([world.said(1), world.said(2)], [['offer 2'], ['offer 2']]);
  t.is(world.born(3).set.version, 1);
  world.strategies.onMessage(2, { say: 'loaded', version: 2 } satisfies FromStrategies);
  t.like(await published, { version: 2, before: 1, changed: true });
  t.deepEqual(
    [world.said(1), world.said(2)],
    [
      ['offer 2', 'use 2'],
      ['offer 2', 'use 2'],
    ],
  );
  t.is(world.born(4).set.version, 2);
});

test('one thread that refuses keeps the old version everywhere, and says why', async (t) => {
  const world = await World.of(t);
  world.going(1, 2);
  world.answer = (thread, version) =>
    thread === 2 ? { say: 'refused', version, why: 'feed/a: no such export' } : { say: 'loaded', version };
  const error = await t.throwsAsync(world.publish(2), { instanceOf: HeddleError });
  t.is(error?.message, 'feed/a: no such export\nthe version before stays in use');
  t.deepEqual(
    [world.said(1), world.said(2)],
    [
      ['offer 2', 'withdraw 2'],
      ['offer 2', 'withdraw 2'],
    ],
  );
  t.deepEqual(await world.versions(), ['1 start in use']);
  world.answer = (_, version) => ({ say: 'loaded', version });
  t.is((await world.publish(3)).version, 3);
});

test('a thread that dies during the roll-out does not hold it up, and the next with its number is brought up to date', async (t) => {
  const world = await World.of(t);
  world.going(1, 2);
  world.answer = () => undefined;
  const published = world.publish(2);
  await world.heard(2, 'offer 2');
  world.dies(2);
  t.is(world.born(2).set.version, 1);
  world.going(2);
  world.answer = (_, version) => ({ say: 'loaded', version });
  world.strategies.onMessage(1, { say: 'loaded', version: 2 } satisfies FromStrategies);
  await published;
  t.deepEqual(world.said(2), ['offer 2', 'use 2']);
});

test('a thread that was born with the version before gets the present one when it serves', async (t) => {
  const world = await World.of(t);
  world.going(1);
  world.born(2);
  await world.publish(2);
  t.deepEqual(world.said(2), []);
  world.going(2);
  t.deepEqual(world.said(2), ['offer 2', 'use 2']);
});

test('a thread that still loads one version when the next is published gets that too', async (t) => {
  const world = await World.of(t);
  world.going(1);
  world.born(2);
  await world.publish(2);
  world.answer = () => undefined;
  const published = world.publish(3);
  await world.heard(1, 'offer 3');
  world.going(2);
  t.deepEqual(world.said(2), ['offer 2']);
  world.strategies.onMessage(1, { say: 'loaded', version: 3 } satisfies FromStrategies);
  await published;
  t.deepEqual(world.said(2), ['offer 2', 'offer 3']);
  world.strategies.onMessage(2, { say: 'loaded', version: 2 } satisfies FromStrategies);
  world.strategies.onMessage(2, { say: 'loaded', version: 3 } satisfies FromStrategies);
  t.is(world.said(2).at(-1), 'use 3');
  t.false(world.said(2).includes('use 2'));
});

test('a thread that stays silent for 30 s keeps the old version everywhere', async (t) => {
  const world = await World.of(t);
  world.going(1, 2);
  world.answer = (thread, version) => (thread === 1 ? { say: 'loaded', version } : undefined);
  const refused = t.throwsAsync(world.publish(2), { code: 'FAILED_PRECONDITION' });
  await world.heard(1, 'offer 2');
  await world.clock.advance(30_000);
  t.regex((await refused)!.message, /^thread 2 did not load it within 30 s/);
  t.deepEqual(world.said(1), ['offer 2', 'withdraw 2']);
  // What it says late changes nothing.
  world.strategies.onMessage(2, { say: 'loaded', version: 2 } satisfies FromStrategies);
  t.deepEqual(world.said(2), ['offer 2', 'withdraw 2']);
});

test('a publish finds files that are new, and misses those that are gone', async (t) => {
  const world = await World.of(t);
  const more = join(world.path, 'more.yaml');
  const strategies = async () => {
    const { versions } = await world.ask<{ versions: VersionReport[] }>({ ask: 'history' });
    return versions.at(-1)!.strategies;
  };
  writeFileSync(more, constant(7).replace('feed', 'more'));
  t.like(await world.ask({ ask: 'publish' }), { version: 2, changed: true });
  t.deepEqual(await strategies(), ['feed', 'more']);
  rmSync(more);
  t.like(await world.ask({ ask: 'publish' }), { version: 3, changed: true });
  t.deepEqual(await strategies(), ['feed']);
  rmSync(join(world.path, 'feed.yaml'));
  await t.throwsAsync(world.ask({ ask: 'publish' }), { message: /entry 1: "\*\.yaml" matches no file/ });
});

test('of two publishes at once one is refused, and a third works', async (t) => {
  const world = await World.of(t);
  world.going(1);
  const first = world.publish(2);
  await t.throwsAsync(world.ask({ ask: 'publish' }), { message: /another version is being published/ });
  await t.throwsAsync(world.ask({ ask: 'rollback', version: undefined }), { code: 'FAILED_PRECONDITION' });
  await first;
  t.is((await world.publish(3)).version, 3);
});

test('rollback goes to the version before, or to one that is named, as a version of its own', async (t) => {
  const world = await World.of(t);
  world.going(1);
  await world.publish(2);
  await world.publish(3);
  t.like(await world.ask({ ask: 'rollback', version: undefined }), { version: 4, before: 3 });
  t.like(await world.ask({ ask: 'rollback', version: 3 }), { version: 5 });
  t.like(await world.ask({ ask: 'rollback', version: undefined }), { version: 6, before: 5 });
  // A second one goes one further back, not forth again.
  t.like(await world.ask({ ask: 'rollback', version: undefined }), { version: 7, before: 6 });
  t.deepEqual(await world.versions(), [
    '1 start',
    '2 publish',
    '3 publish',
    '4 rollback to 2',
    '5 rollback to 3',
    '6 rollback to 2',
    '7 rollback to 1 in use',
  ]);
  const { set } = world.born(2);
  t.deepEqual(set.definitions[0]!.nodes[0]!.work, { kind: 'value', value: { kind: 'constant', value: 1 } });
  await t.throwsAsync(world.ask({ ask: 'rollback', version: 9 }), {
    message: /version 9 is not kept; there are 1, 2, 3, 4, 5, 6, 7/,
  });
});

test('without a version before there is nothing to roll back to, and the next publish is not kept from', async (t) => {
  const world = await World.of(t);
  await t.throwsAsync(world.ask({ ask: 'rollback', version: undefined }), { message: /no version before this one/ });
  t.is((await world.publish(2)).version, 2);
});

test('16 versions are kept', async (t) => {
  const world = await World.of(t);
  await world.publish(2);
  for (let version = 1; version <= 20; version++) await world.ask({ ask: 'rollback', version });
  const versions = await world.versions();
  t.is(versions.length, 16);
  t.regex(versions.at(-1)!, /^22 rollback to 2 in use$/);
});

test('a bad file leaves the old version, and every mistake is told', async (t) => {
  const world = await World.of(t);
  world.going(1);
  for (const [text, message] of [
    ['strategy: feed\nnodes: { a: { value: b } }\noutput: c\n', /feed\.yaml:2:\d+: [\s\S]*feed\.yaml:3:\d+: /],
    ['strategy: [', /feed\.yaml:/],
    ['strategy: feed\nnodes: { a: { run: ./gone.ts#run } }\noutput: a\n', /gone\.ts/],
  ] as const) {
    world.write(text);
    const error = await t.throwsAsync(world.ask({ ask: 'publish' }), { code: 'FAILED_PRECONDITION' });
    t.regex(error!.message, message);
  }
  rmSync(join(world.path, 'feed.yaml'));
  await t.throwsAsync(world.ask({ ask: 'publish' }), { code: 'FAILED_PRECONDITION' });
  t.deepEqual(world.said(1), []);
  t.deepEqual(await world.versions(), ['1 start in use']);
  t.is(world.born(2).set.version, 1);
});

test('where nothing has changed there is no new version', async (t) => {
  const world = await World.of(t);
  world.going(1);
  t.deepEqual(await world.ask({ ask: 'publish' }), { version: 1, changed: false });
  t.deepEqual(world.said(1), []);
});

test('the definitions in use are told with the files that they came from', async (t) => {
  const world = await World.of(t);
  const told = await world.ask<{ version: number; definitions: { name: string }[]; sources: { kind: string }[] }>({
    ask: 'definitions',
  });
  t.is(told.version, 1);
  t.deepEqual(
    told.definitions.map(({ name }) => name),
    ['feed'],
  );
  t.is(told.sources[0]?.kind, 'file');
});

test('levels are set by hand from 0 to 10, and reach threads that are born and that are being born', async (t) => {
  const world = await World.of(t);
  world.going(1);
  world.born(2);
  const level = (value: number | undefined) => world.ask({ ask: 'level', strategy: 'feed', level: value });
  for (const wrong of [-1, 11, 1.5, Number.NaN]) await t.throwsAsync(level(wrong), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(world.ask({ ask: 'level', strategy: 'feet', level: 1 }), {
    message: "there is no strategy feet (did you mean 'feed'?); there is feed",
  });
  t.like(await level(2), { strategy: 'feed', level: 2 });
  t.deepEqual(world.said(1), ['level 2']);
  // It does not listen yet.
  t.deepEqual(world.said(2), []);
  world.going(2);
  t.deepEqual(world.said(2), ['level 2']);
  t.deepEqual(world.born(3).levels, { feed: 2 });
  t.deepEqual(await level(undefined), { strategy: 'feed', level: null, declared: [] });
  world.going(3);
  t.deepEqual(world.said(3), ['level undefined']);
  const { strategies } = await world.ask<StrategiesReport>({ ask: 'list' });
  t.is(strategies[0]!.manualLevel, undefined);
});

test('what an operator did is answered when all threads do it; after 2 s with those that are busy', async (t) => {
  const world = await World.of(t);
  world.going(1, 2, 3);
  world.busy.add(2).add(3);
  const level = world.ask({ ask: 'level', strategy: 'feed', level: 1 });
  let isAnswered = false;
  void level.then(() => {
    isAnswered = true;
  });
  await world.clock.advance(1_999);
  t.false(isAnswered);
  world.dies(3);
  await world.clock.advance(1);
  t.deepEqual(await level, { strategy: 'feed', level: 1, declared: [], late: [2] });
  t.like(world.lines.at(-1), { level: 'warn', fields: { threads: [2] } });
  const published = world.publish(2);
  await world.heard(2, 'use 2');
  await world.clock.advance(2_000);
  t.deepEqual(await published, { version: 2, before: 1, changed: true, late: [2] });
  world.busy.clear();
  t.deepEqual(await world.ask({ ask: 'rollback', version: undefined }), { version: 3, before: 2, changed: true });
  t.is(world.clock.pending, 0);
  world.busy.add(1);
  const stopped = world.ask({ ask: 'level', strategy: 'feed', level: 2 });
  await world.strategies.close();
  t.like(await stopped, { late: [1] });
});

test('a close during the roll-out refuses it; one during the load publishes nothing', async (t) => {
  const world = await World.of(t);
  world.going(1);
  world.answer = () => undefined;
  const refused = t.throwsAsync(world.publish(2), { message: /^the process stops/ });
  await world.heard(1, 'offer 2');
  await world.strategies.close();
  await refused;
  const other = await World.of(t);
  other.going(1);
  const late = t.throwsAsync(other.publish(2), { code: 'UNAVAILABLE', message: /^the process stops/ });
  await other.strategies.close();
  await late;
  t.deepEqual(other.said(1), []);
});

test('the last 64 traces are kept, and what a dead thread still says of levels is not', async (t) => {
  const world = await World.of(t);
  world.going(1);
  for (let at = 0; at < 70; at++) {
    world.strategies.onMessage(1, { say: 'trace', trace: { strategy: 'feed', startedAt: at }, size: 10 });
  }
  const { traces } = await world.ask<{ traces: { startedAt: number }[] }>({ ask: 'traces', strategy: 'feed' });
  t.deepEqual([traces.length, traces[0]!.startedAt], [64, 6]);
  world.strategies.onMessage(1, { say: 'levels', why: { feed: ['level 1 by hand'] } });
  const why = async () => (await world.ask<StrategiesReport>({ ask: 'list' })).strategies[0]!.why;
  t.deepEqual(await why(), { '1': ['level 1 by hand'] });
  world.dies(1);
  world.strategies.onMessage(1, { say: 'levels', why: { feed: ['level 1 by hand'] } });
  t.deepEqual(await why(), {});
});

test('a process whose files have mistakes does not start, and says them all', async (t) => {
  const folder = folderOf(t, { 'feed.yaml': 'strategy: feed\nnodes: { a: { value: b } }\noutput: c\n' });
  const { log } = keptLog();
  const opened = openStrategies(
    { sources: [folder.source('feed.yaml')], processUrl: '', threadUrl: '' },
    { pools: [], clock: new VirtualClock(), log, tell: () => false },
  );
  const error = await t.throwsAsync(opened, { code: 'FAILED_PRECONDITION' });
  t.regex(error!.message, /feed\.yaml:2:[\s\S]*feed\.yaml:3:/);
});

test('what is staged is for threads that are born with it, and in use once it is committed', async (t) => {
  const world = await World.of(t);
  world.going(1, 2);
  t.is(await world.strategies.stage(), undefined, 'nothing has changed');
  world.write(constant(2));
  const dropped = (await world.strategies.stage())!;
  t.is((world.strategies.birth(3, true) as ThreadBirth).set.version, 2);
  t.is((world.strategies.birth(4) as ThreadBirth).set.version, 1);
  await t.throwsAsync(world.ask({ ask: 'publish' }), { code: 'FAILED_PRECONDITION' });
  dropped.drop();
  t.deepEqual(await world.versions(), ['1 start in use']);
  const staged = (await world.strategies.stage())!;
  t.is(staged.needsRoll, undefined);
  world.told.set(5, []);
  t.is((world.strategies.birth(5, true) as ThreadBirth).set.version, 3);
  world.strategies.onGoing(5);
  staged.commit((thread) => thread === 2);
  t.deepEqual(await world.versions(), ['1 start', '3 reload in use']);
  // The thread of the old generation ends with what it has; that of another pool is offered the new set.
  t.deepEqual([world.said(1), world.said(2), world.said(5)], [[], ['offer 3', 'use 3'], []]);
  t.deepEqual(await world.publish(4), { version: 4, before: 3, changed: true });
  t.deepEqual([world.said(1), world.said(5)], [[], ['offer 4', 'use 4']]);
});

test('what an operator went back from is not staged again, but what is new is', async (t) => {
  const world = await World.of(t);
  world.going(1);
  await world.publish(2);
  await world.ask({ ask: 'rollback', version: 1 });
  t.is(await world.strategies.stage(), undefined);
  world.write(constant(3));
  t.like(await (await world.strategies.stage())!.publish(), { version: 4 });
  t.deepEqual(world.said(1).slice(-2), ['offer 4', 'use 4']);
});
