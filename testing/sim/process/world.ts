// ProcessWorld: one run of a scenario: the simulated process, its clients, what it is asked, what goes wrong, and whether
// everything that was asked is answered and ended as it should.

import { sourceUrl } from '../modules.ts';
import { kernelBytesMin, SimNetwork } from '../network.ts';
import type { Simulation } from '../simulation.ts';
import type { SimThread } from '../thread.ts';
import { meantCrash } from './acts.ts';
import type * as clientMain from './client-main.ts';
import { beginFaults, standstillMs } from './faults.ts';
import { FiberLaw } from './fiber-law.ts';
import { Ledger } from './ledger.ts';
import { Load } from './load.ts';
import type { Scenario } from './scenario.ts';
import type { ScenarioExtras } from './scenario-door.ts';
import { listenAddress, settingsOf } from './settings.ts';
import { SimProcess } from './sim-process.ts';
import { WireLaw } from './wire-law.ts';

/** How long anything may take to be answered at most, whatever goes wrong, ms. */
const answerMsMax = 60_000;
/** What a cancel, or timers after a deadline, may take where nothing goes wrong, ms. */
const calmSlackMs = 200;
/** Handlers of one run that keep their threads busy, one after another, at most. */
const busyMax = 20;
/** Calls that handlers make over one connection at once, about. */
const farCalls = 12;
/** Code that goes on by a timer of its own looks parked, and a ring may be lost on it: then others look again, ms. */
const foreignWakeMs = 60;
/** After the last answer, until everything that goes on behind has ended, ms. */
const quietMs = 2_500;

interface Client {
  thread: SimThread;
  client: clientMain.SimClient;
}

export class ProcessWorld {
  readonly process: SimProcess;
  readonly ledger: Ledger;
  readonly #simulation: Simulation;
  readonly #scenario: Scenario;
  readonly #network: SimNetwork;
  readonly #slackMs: number;
  readonly #load: Load;
  readonly #wire: WireLaw;

  constructor(simulation: Simulation, scenario: Scenario) {
    const { acts, networkDelayMs, kernelBytes, faults, tableEntries, arenaBytes, spinMs } = scenario;
    this.#simulation = simulation;
    this.#scenario = scenario;
    const network = new SimNetwork(simulation, { delayMsMax: networkDelayMs, kernelBytesMax: kernelBytes });
    this.#network = network;
    const stoodMs = faults.reduce((sum, fault) => sum + standstillMs(fault), 0);
    const busyMs = acts.stalls > 0 ? busyMax * acts.stallMsMax : 0;
    this.#slackMs = calmSlackMs + stoodMs + busyMs + wireMs(scenario);
    const ledger = new Ledger(simulation, this.#slackMs);
    this.ledger = ledger;
    const fibers = new FiberLaw(simulation);
    this.#wire = new WireLaw(simulation, network);
    this.process = new SimProcess({
      simulation,
      network,
      settings: settingsOf(scenario),
      tableEntries,
      arenaBytes,
      spinMs,
      extrasOf: (thread): ScenarioExtras => {
        return { ledger, bodyBytesMax: scenario.bodyBytesMax, keepBusy: (ms) => simulation.keepBusy(thread, ms) };
      },
      onExit: ({ thread }) => ledger.threadDied(thread),
      onThread: (thread) => fibers.watch(thread),
      onIdle: () => fibers.checkIdle(),
      wakeMs: acts.foreign > 0 ? foreignWakeMs : 0,
    });
    this.#load = new Load({ simulation, scenario, ledger, ioThreads: () => this.process.ioThreads() });
    simulation.isMeant = (error) => error instanceof Error && error.message === meantCrash;
  }

  async run(): Promise<void> {
    const simulation = this.#simulation;
    const { process, ledger } = this;
    const { faults, stopAtMs, stopsAtEnd } = this.#scenario;
    await process.start();
    const clients = await this.#clients();
    const lastFaultMs = simulation.nowMs + Math.max(0, ...faults.map(({ atMs }) => atMs));
    this.#load.begin(clients);
    beginFaults({ simulation, network: this.#network, scenario: this.#scenario, process });
    if (stopAtMs !== undefined) simulation.after(stopAtMs, () => process.stop());
    // Whatever goes wrong, everything is answered in the end.
    simulation.after(answerMsMax, () => {
      if (ledger.open > 0) ledger.checkEnd();
    });
    await simulation.run(() => (this.#load.isOver || process.hasStopped) && simulation.nowMs >= lastFaultMs);
    this.#load.end();
    await simulation.run(() => ledger.open === 0);
    await this.#pass(quietMs + this.#slackMs);
    if (!process.isStopping) this.#wire.checkEnd();
    for (const { thread, client } of clients) thread.post('load', 'closes its client', () => void client.close());
    await this.#pass(quietMs + this.#slackMs);
    ledger.checkEnd();
    if (!process.isStopping) {
      process.laws.checkEnd();
      if (stopsAtEnd) process.stop();
    }
    if (!process.isStopping) return;
    await simulation.run(() => process.hasStopped);
    await this.#pass(quietMs);
    process.laws.checkStopped();
  }

  async #clients(): Promise<Client[]> {
    const { process } = this;
    const clients: Client[] = [];
    for (let count = 1; count <= this.#scenario.clients; count++) {
      const thread = this.#simulation.thread(`client-${count}`);
      thread.post('start', 'starts', () => {
        const { main } = thread.load<typeof clientMain>(sourceUrl('testing/sim/process/client-main'));
        const { host, port } = listenAddress;
        clients.push({ thread, client: main(process.door(thread), `heddle://${host}:${port}`, this.#scenario) });
      });
    }
    await this.#simulation.run(() => clients.length === this.#scenario.clients);
    return clients;
  }

  async #pass(ms: number): Promise<void> {
    let isOver = false;
    this.#simulation.after(ms, () => {
      isOver = true;
    });
    await this.#simulation.run(() => isOver);
  }
}

/** How long a cancel may wait behind what was sent before it, ms. */
function wireMs({ clients, acts, callsPerClient, bodyBytesMax, networkDelayMs }: Scenario): number {
  if (clients === 0 && !acts.targets.includes('far')) return 0;
  const flights = Math.ceil((bodyBytesMax * Math.max(callsPerClient, farCalls)) / kernelBytesMin);
  return flights * 2 * networkDelayMs;
}
