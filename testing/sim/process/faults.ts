// Faults: what goes wrong in a simulated process, at the times that the scenario says, to whom there is then.

import type { StructuredSerializeOptions, Transferable } from 'node:worker_threads';
import type { ToThread } from '../../../runtime/thread-control.ts';
import { Draws } from '../draws.ts';
import type { Connection, SimNetwork } from '../network.ts';
import type { Simulation } from '../simulation.ts';
import type { Operation } from '../thread.ts';
import { callMsMax, type Fault, type Scenario } from './scenario.ts';
import type { SimProcess } from './sim-process.ts';
import type { ProcessThread } from './spawner.ts';

export interface FaultWorld {
  readonly simulation: Simulation;
  readonly network: SimNetwork;
  readonly scenario: Scenario;
  readonly process: SimProcess;
}

/** Operations that a thread still does at most before it stops for ever. */
const lastOperationsMax = 800;
/** How long a thread stands still at most, mostly and now and then, ms, and a connection. */
const stallMsMax = { mostly: 60, rarely: 300 } as const;
const holdMsMax = 40;

/** How long somebody waits in vain by a fault, ms. */
export function standstillMs({ kind, draw }: Fault): number {
  const draws = new Draws(draw, 'standstill');
  if (kind === 'hold') return draws.within(1, holdMsMax);
  // Nobody hears of a cancel; what it was for ends by its deadline.
  if (kind === 'cut') return callMsMax;
  if (kind === 'lag') return draws.within(1, stallMsMax.rarely);
  if (kind === 'stall') return draws.within(1, draws.chance(0.2) ? stallMsMax.rarely : stallMsMax.mostly);
  return 0;
}

/** From now on. */
export function beginFaults(world: FaultWorld): void {
  for (const fault of world.scenario.faults) world.simulation.after(fault.atMs, () => strike(world, fault));
}

/** A death where others notice most: right after a thread has taken something of theirs in hand. */
function dieHolding(simulation: Simulation, draws: Draws): (operation: Operation) => boolean {
  const words = draws.pick(['queue', 'queue', 'table of', 'ring', 'arena of', 'post']);
  let left = 1 + draws.below(12);
  return (operation) => {
    if (left === 0) return true;
    if (operation.kind !== 'load' && simulation.describe(operation).includes(words)) left--;
    return false;
  };
}

function disturb({ simulation }: FaultWorld, fault: Fault, connection: Connection): void {
  if (fault.kind === 'reset') {
    simulation.trace('fault', 'a connection is reset');
    connection.reset();
  } else if (fault.kind === 'cut') {
    simulation.trace('fault', 'a connection carries nothing any more');
    connection.isCut = true;
  } else {
    const ms = standstillMs(fault);
    simulation.trace('fault', `a connection stands still for ${ms.toFixed(1)} ms`);
    connection.heldUntilMs = simulation.nowMs + ms;
  }
}

function strike(world: FaultWorld, fault: Fault): void {
  const { kind, draw } = fault;
  const { network, scenario, process } = world;
  const draws = new Draws(draw, kind);
  if (kind === 'reset' || kind === 'hold' || kind === 'cut') {
    const connections = [...network.connections];
    if (connections.length === 0) return;
    disturb(world, fault, draws.pick(connections));
    return;
  }
  if (kind === 'roll') {
    const { name } = draws.pick(scenario.pools);
    const percent = draws.chance(0.5) ? 100 : draws.between(1, 99);
    const goesOn = draws.chance(0.5);
    const afterMs = draws.within(0, 20);
    // It may be refused, as one that begins while another's canary is out.
    process.onMain(
      `rolls pool ${name}`,
      () => void process.server.roll(name, percent, goesOn, afterMs).catch(() => {}),
    );
    return;
  }
  if (kind === 'lag') {
    const told = process.ioThreads();
    if (told.length > 0) lag(world, fault, draws.pick(told), draws);
    return;
  }
  const threads = process.living();
  if (threads.length > 0) strikeThread(world, fault, draws.pick(threads), draws);
}

/** The thread stands still from when main posts it the next message of a type, before it has heard it. */
function lag(world: FaultWorld, fault: Fault, { thread, number }: ProcessThread, draws: Draws): void {
  const { simulation, process } = world;
  const control = process.server.ioPool.thread(number)?.control;
  if (control === undefined) return;
  const type = draws.pick(['table', 'table', 'link', 'died']);
  const { postMessage } = control;
  control.postMessage = (message: ToThread, ports?: StructuredSerializeOptions | Transferable[]) => {
    postMessage.call(control, message, ports as StructuredSerializeOptions);
    if (message.type !== type) return;
    control.postMessage = postMessage;
    const ms = standstillMs(fault);
    simulation.trace('fault', `${thread.name} stands still for ${ms.toFixed(1)} ms, and hears of ${type} after`);
    simulation.stall(thread, ms);
  };
}

function strikeThread(world: FaultWorld, fault: Fault, { thread, number, pool }: ProcessThread, draws: Draws): void {
  const { simulation, process } = world;
  switch (fault.kind) {
    case 'death':
      simulation.trace('fault', `${thread.name} is going to die`);
      if (draws.chance(0.4)) thread.dieAt = thread.operations + 1 + draws.below(lastOperationsMax);
      else thread.dieBefore = dieHolding(simulation, draws);
      break;
    case 'terminate':
      simulation.trace('fault', `somebody terminates ${thread.name}`);
      thread.terminate();
      break;
    case 'stall': {
      const ms = standstillMs(fault);
      simulation.trace('fault', `${thread.name} stands still for ${ms.toFixed(1)} ms`);
      simulation.stall(thread, ms);
      break;
    }
    default: {
      const owner = process.server.pools.find(({ name }) => name === pool)!;
      if (fault.kind === 'condemn') process.onMain(`condemns ${thread.name}`, () => owner.condemn(number));
      else process.onMain(`replaces ${thread.name}`, () => void owner.replace(number));
    }
  }
}
