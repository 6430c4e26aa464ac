// Scenarios of the memory worlds: what a seed stands for, as plain data; which are drawn, which are smaller, and the world of
// one.

import type { Random } from '../../runtime/clock.ts';
import type { SteppingModules } from '../steps/steps.ts';
import type { World } from '../steps/world.ts';
import type { EndpointWorldOptions } from './endpoint-actor.ts';
import { endpointWorlds } from './endpoint-world.ts';
import { type LapWorldOptions, lapWorlds } from './lap-world.ts';
import type { MemoryPool } from './memory-pool.ts';
import { type QueueWorldOptions, queueWorlds } from './queue-world.ts';

type Data<Options> = Omit<Options, 'modules'>;

export type Scenario = { deathChance: number; stallChance: number } & (
  | { world: 'queue'; options: Data<QueueWorldOptions> }
  | { world: 'laps'; options: Data<LapWorldOptions> }
  | { world: 'endpoint'; options: Data<EndpointWorldOptions> }
);

export function worldsOf(modules: SteppingModules, scenario: Scenario, pool: MemoryPool): () => World {
  switch (scenario.world) {
    case 'queue':
      return queueWorlds({ modules, ...scenario.options }, pool);
    case 'laps':
      return lapWorlds({ modules, ...scenario.options }, pool);
    case 'endpoint':
      return endpointWorlds({ modules, ...scenario.options }, pool);
  }
}

export function drawQueue(random: Random): Scenario {
  if (random() < 0.1) return drawLaps(random);
  const { pick, has } = swarm(random);
  const deaths = pick([0, 1, 1, 2, 3]);
  const options: Data<QueueWorldOptions> = {
    capacity: pick([1, 1, 2, 2, 4, 4, 8]),
    askers: has() ? pick([2, 3]) : 1,
    takers: pick([1, 2, 2, 3]),
    puts: pick([1, 2, 3, 4, 6, 10]),
    cancels: has() || has() ? pick([1, 2, 5]) : 0,
    entries: pick([1, 2, 2, 4]),
    deaths,
    mayDie: pick(['takers', 'askers', 'all'] as const),
    reuse: deaths > 0 && random() < 0.6,
    bodyBytes: has() ? pick([300, 900, 2000]) : 4,
    start: drawStart(random),
  };
  if (random() < 0.35) options.window = pick([1, 1, 2, 4]);
  if (random() < 0.3) options.deadlinesMs = pick(deadlines);
  return { world: 'queue', options, ...drawChances(random) };
}

export function drawEndpoint(random: Random): Scenario {
  const { pick, has } = swarm(random);
  const takers = pick([1, 2, 2, 2, 3]);
  const batch = (): number[] => Array.from({ length: pick([1, 1, 2, 3]) }, () => pick([1, 2, 2, 3, 4]));
  const batches = Array.from({ length: has() ? 2 : 1 }, batch);
  const rolls = has() ? pick([1, 1, 2]) : 0;
  const deaths = pick([0, 0, 1, 1, 2]);
  const options: Data<EndpointWorldOptions> = {
    capacity: pick([1, 2, 2, 4]),
    takers,
    batches,
    handlers: pick(['long', 'long', 'mixed', 'mixed', 'later', 'short'] as const),
    maxFibers: pick([1, 2, 4]),
    cancels: has() ? pick([1, 2]) : 0,
    ownEvents: has() ? 1 : 0,
    deaths,
    mayDie: pick(['takers', 'askers', 'all'] as const),
    reuse: rolls > 0 || (deaths > 0 && random() < 0.6),
    bodyBytes: has() ? pick([300, 900, 2000]) : 4,
    replyBytes: random() < 0.35 ? pick([60, 60, 200]) : 4,
    entries: pick([1, 4, 4, 8]),
    start: drawStart(random),
  };
  if (rolls > 0) options.rolls = rolls;
  if (random() < 0.25) options.nested = pick([1, 2, 3]);
  if (random() < 0.25 && deaths > 0 && rolls === 0) options.condemns = true;
  if (random() < 0.5) options.impatient = true;
  if (has()) options.stalls = pick([1, 2]);
  if (has() && rolls === 0) options.drains = batches.length + Math.ceil(random() * takers);
  return { world: 'endpoint', options, ...drawChances(random) };
}

/**
 * Each scenario has some of what there is, and few have much: what one thing breaks another often mends (Groce and others:
 * Swarm Testing, 2012).
 */
function swarm(random: Random): { pick: <T>(from: readonly T[]) => T; has: () => boolean } {
  const pick = draws(random);
  const share = pick([0, 0.1, 0.25, 0.5]);
  return { pick, has: () => random() < share };
}

/** Positions and laps: one thread, but at every width of a lap. */
function drawLaps(random: Random): Scenario {
  const draw = draws(random);
  const capacity = draw([1, 2, 4, 64, 1024, 2048, 2048, 2048, 4096]);
  const depth = draw([1, 1, Math.min(3, capacity), capacity]);
  const start = draw([2 ** 31, 2 ** 32]) - Math.floor(random() * (capacity + 1));
  // A lap that is wrong is met when a slot comes round.
  const options = { capacity, depth, start, puts: Math.floor(1.1 * capacity) + 20 };
  return { world: 'laps', options, deathChance: 0, stallChance: 0 };
}

function drawChances(random: Random): { deathChance: number; stallChance: number } {
  return { deathChance: draws(random)([0.001, 0.003, 0.01, 0.03]), stallChance: 0.1 };
}

function drawStart(random: Random): number {
  if (random() < 0.5) return 0;
  return (random() < 0.3 ? 2 ** 31 : 2 ** 32) - 1 - Math.floor(random() * 6);
}

/** Of the requests of an asker in turn, ms; Infinity: none, which plain data cannot say. */
const deadlines = [
  [900, 20, 500],
  [900, 20, 20],
  [50, 5000, 700, 20],
  [20, 900],
];

function draws(random: Random): <T>(from: readonly T[]) => T {
  return (from) => from[Math.floor(random() * from.length)]!;
}

/** Scenarios that are a little smaller, those first that leave most out. */
export function smaller(scenario: Scenario): Scenario[] {
  if (scenario.world === 'laps') return fewer(scenario, { capacity: 1, depth: 1, puts: 1 });
  if (scenario.world === 'queue') return fewer(scenario, queueLeast);
  const found = fewer(scenario, endpointLeast);
  const { batches } = scenario.options;
  for (const shorter of [batches.slice(1), batches.slice(0, -1), batches.map((events) => events.slice(1))]) {
    if (shorter.length === 0 || shorter.some((events) => events.length === 0) || shorter === batches) continue;
    if (scenario.options.drains !== undefined && shorter.length !== batches.length) continue;
    found.push({ ...scenario, options: { ...scenario.options, batches: shorter } });
  }
  for (let asker = 0; asker < batches.length; asker++) {
    for (let event = 0; event < batches[asker]!.length; event++) {
      if (batches[asker]![event]! <= 1) continue;
      const events = batches[asker]!.with(event, batches[asker]![event]! - 1);
      found.push({ ...scenario, options: { ...scenario.options, batches: batches.with(asker, events) } });
    }
  }
  return found;
}

/** What each number can become at least, in the order in which it is tried. */
const queueLeast = {
  deaths: 0,
  cancels: 0,
  askers: 1,
  takers: 1,
  puts: 1,
  capacity: 1,
  entries: 1,
  bodyBytes: 4,
  start: 0,
};
const endpointLeast = {
  rolls: 0,
  deaths: 0,
  stalls: 0,
  nested: 0,
  cancels: 0,
  ownEvents: 0,
  takers: 1,
  capacity: 1,
  bodyBytes: 4,
  replyBytes: 4,
  start: 0,
};

/** One number less: the least, then a half, then one less. Powers of two stay ones. Flags that are set go. */
function fewer<S extends Scenario>(scenario: S, least: Record<string, number>): S[] {
  const found: S[] = [];
  const options = scenario.options as unknown as Record<string, unknown>;
  const add = (key: string, value: unknown): void => {
    found.push({ ...scenario, options: { ...options, [key]: value } } as S);
  };
  for (const [key, min] of Object.entries(least)) {
    const value = options[key];
    if (typeof value !== 'number' || value <= min) continue;
    add(key, min);
    const isPower = key === 'capacity' || key === 'entries';
    for (const less of isPower ? [value / 2] : [value >> 1, value - 1]) if (less > min && less < value) add(key, less);
  }
  for (const [key, value] of Object.entries(options)) if (value === true) add(key, false);
  if (options.handlers !== undefined && options.handlers !== 'short') add('handlers', 'short');
  if (options.window !== undefined || options.deadlinesMs !== undefined) {
    const { window: _window, deadlinesMs: _deadlines, ...rest } = options;
    found.push({ ...scenario, options: rest } as unknown as S);
  }
  return found;
}
