// RandomFaults: what goes wrong by itself with a simulated process and its backends, drawn from the seed: what, when and to
// whom. Called by the simulation of a test that asks for `faults: 'random'`.

import { Draws } from '../sim/draws.ts';
import type { SimNetwork } from '../sim/network.ts';
import type { SimProcess } from '../sim/process/sim-process.ts';
import type { Simulation } from '../sim/simulation.ts';
import type { BackendCalls, BackendMood } from './backend-calls.ts';

export interface FaultyWorld {
  readonly simulation: Simulation;
  readonly network: SimNetwork;
  readonly process: SimProcess;
  /** By service. */
  readonly backends: ReadonlyMap<string, BackendCalls>;
}

/** Between two faults on average, and faults of one simulation at most, ms. */
const gapMs = 120;
const faultsMax = 12;
/** Operations that a thread does at most before it dies. */
const lastOperationsMax = 800;
/** How long a thread, a connection and a backend are not well at most, ms. */
const stallMsMax = 60;
const holdMsMax = 40;
const moodMsMax = 400;

const kinds = [
  'death',
  'death',
  'terminate',
  'condemn',
  'stall',
  'stall',
  'reset',
  'hold',
  'backend',
  'backend',
] as const;

export class RandomFaults {
  readonly #world: FaultyWorld;
  readonly #draws: Draws;
  #left = faultsMax;
  #isOver = false;

  constructor(world: FaultyWorld) {
    this.#world = world;
    this.#draws = new Draws(world.simulation.seed, 'faults');
    this.#next();
  }

  /** Nothing goes wrong any more; backends are well. */
  end(): void {
    this.#isOver = true;
    for (const backend of this.#world.backends.values()) backend.mood = { is: 'well' };
  }

  #next(): void {
    if (this.#left-- === 0) return;
    this.#world.simulation.after(this.#draws.wait(gapMs), () => {
      if (this.#isOver) return;
      this.#strike();
      this.#next();
    });
  }

  #strike(): void {
    const kind = this.#draws.pick(kinds);
    if (kind === 'backend') this.#strikeBackend();
    else if (kind === 'reset' || kind === 'hold') this.#strikeConnection(kind);
    else this.#strikeThread(kind);
  }

  #strikeThread(kind: 'death' | 'terminate' | 'condemn' | 'stall'): void {
    const { simulation, process } = this.#world;
    const draws = this.#draws;
    const threads = process.living();
    if (threads.length === 0) return;
    const { thread, number, pool } = draws.pick(threads);
    if (kind === 'death') {
      this.#note(`${thread.name} is going to die`);
      thread.dieAt = thread.operations + 1 + draws.below(lastOperationsMax);
    } else if (kind === 'terminate') {
      this.#note(`${thread.name} is terminated`);
      thread.terminate();
    } else if (kind === 'condemn') {
      const owner = process.server.pools.find(({ name }) => name === pool)!;
      process.onMain(`condemns ${thread.name}`, () => owner.condemn(number));
      this.#note(`${thread.name} is condemned`);
    } else {
      const ms = draws.within(1, stallMsMax);
      this.#note(`${thread.name} stands still for ${ms.toFixed(1)} ms`);
      simulation.stall(thread, ms);
    }
  }

  #strikeConnection(kind: 'reset' | 'hold'): void {
    const { simulation, network } = this.#world;
    const connections = [...network.connections];
    if (connections.length === 0) return;
    const connection = this.#draws.pick(connections);
    if (kind === 'reset') {
      this.#note('a connection is reset');
      connection.reset();
      return;
    }
    const ms = this.#draws.within(1, holdMsMax);
    this.#note(`a connection stands still for ${ms.toFixed(1)} ms`);
    connection.heldUntilMs = simulation.nowMs + ms;
  }

  #strikeBackend(): void {
    const { simulation, backends } = this.#world;
    if (backends.size === 0) return;
    const draws = this.#draws;
    const [service, backend] = draws.pick([...backends]);
    // A test has said how it is, or another fault.
    if (backend.mood.is !== 'well') return;
    const mood = draws.pick<BackendMood>([
      { is: 'slow', byMs: draws.within(1, moodMsMax) },
      { is: 'failing', code: 'UNAVAILABLE', message: `${service} is down` },
      { is: 'hanging' },
    ]);
    const ms = draws.within(10, moodMsMax);
    this.#note(`${service} is ${mood.is} for ${ms.toFixed(1)} ms`);
    backend.mood = mood;
    simulation.after(ms, () => {
      if (backend.mood === mood) backend.mood = { is: 'well' };
    });
  }

  #note(what: string): void {
    this.#world.simulation.trace('fault', `* ${what}`);
  }
}
