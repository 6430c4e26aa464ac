// ProcessUnderTest: the simulated process behind SimulatedProcess: callers and backends on threads of their own, the clock, the
// faults, and at the end the laws.

import type { ClientMethods } from '../../net/client/connect.ts';
import { type Contract, serviceName } from '../../net/service/contract.ts';
import { errorCodes, HeddleError } from '../../runtime/errors.ts';
import { didYouMean } from '../../runtime/nearest.ts';
import { restartLimits } from '../../runtime/restart-policy.ts';
import { sourceUrl } from '../sim/modules.ts';
import type { SimNetwork } from '../sim/network.ts';
import type { SimProcess } from '../sim/process/sim-process.ts';
import type { ProcessThread } from '../sim/process/spawner.ts';
import type { Simulation } from '../sim/simulation.ts';
import { Asked } from './asked.ts';
import type { Backend } from './backend.ts';
import { BackendCalls } from './backend-calls.ts';
import type * as backendMain from './backend-main.ts';
import { Callers } from './callers.ts';
import { checkDelay, checkFunction, checkLevel, oneOf } from './check-options.ts';
import type { ClockDriver } from './clock-driver.ts';
import type { FiberWatch } from './fiber-watch.ts';
import { RandomFaults } from './random-faults.ts';
import { backendAddress } from './settings.ts';
import type { BackendControl, SimClientOptions, SimulatedProcess } from './simulated-process.ts';
import type { Story } from './story.ts';

export interface SimulatedParts {
  readonly simulation: Simulation;
  readonly network: SimNetwork;
  readonly process: SimProcess;
  readonly fibers: FiberWatch;
  readonly story: Story;
  readonly driver: ClockDriver;
}

export interface SimulatedPlan {
  readonly backends: readonly Backend[];
  readonly faults: 'none' | 'random';
  readonly answerWithinMs: number;
  readonly stopWithinMs: number;
}

/** How long after the last answer all that goes on behind it may take, beside what fibers may, ms. */
const quietMs = 2_500;
/** By when threads that died are replaced, ms: the wait before that, and their start. */
const wholeAgainMs = restartLimits.backoffMaxMs + 1_000;
/** In which all threads have heard what main tells them, unless they stand still, ms. */
const heardMs = 20;

const checkCode = oneOf(...errorCodes);

export class ProcessUnderTest implements SimulatedProcess {
  readonly #parts: SimulatedParts;
  readonly #plan: SimulatedPlan;
  readonly #backends = new Map<string, BackendCalls>();
  readonly #callers: Callers;
  #faults: RandomFaults | undefined;
  #closing: Promise<void> | undefined;
  /** The test knows what broke the run. */
  #isTold = false;

  /** For `simulate` alone. */
  constructor(parts: SimulatedParts, plan: SimulatedPlan) {
    this.#parts = parts;
    this.#plan = plan;
    this.#callers = new Callers(parts, plan.answerWithinMs);
  }

  get seed(): number {
    return this.#parts.simulation.seed;
  }

  get nowMs(): number {
    return this.#parts.simulation.nowMs;
  }

  get threads(): string[] {
    return this.#parts.process.living().map(({ thread }) => thread.name);
  }

  get trace(): string[] {
    return this.#parts.story.last();
  }

  get traceHash(): string {
    return this.#parts.simulation.traceHash;
  }

  get failure(): unknown {
    return this.#parts.simulation.failure ?? this.#parts.driver.failure;
  }

  /** For `simulate` alone. */
  async begin(): Promise<void> {
    const { process, simulation, network } = this.#parts;
    for (const [place, backend] of this.#plan.backends.entries()) this.#beginBackend(backend, place);
    try {
      await process.start();
    } catch (reason) {
      throw simulation.failure ?? reason;
    }
    if (this.#plan.faults === 'random') {
      this.#faults = new RandomFaults({ simulation, network, process, backends: this.#backends });
    }
  }

  client<Service extends Contract>(contract: Service, options: SimClientOptions = {}): ClientMethods<Service> {
    return this.#callers.client(contract, options);
  }

  async advance(delayMs: number): Promise<void> {
    checkDelay(delayMs, 'the time that sim.advance lets pass');
    await this.#wait(this.#after(delayMs));
  }

  async until(condition: () => boolean, { withinMs = 60_000 }: { withinMs?: number } = {}): Promise<void> {
    checkFunction(condition, 'what sim.until waits for');
    checkDelay(withinMs, 'withinMs of sim.until');
    const isLate = this.#after(withinMs);
    const asked = new Asked(condition);
    await this.#wait(() => asked.isSettled || isLate());
    if (!asked.answer()) {
      throw new HeddleError('DEADLINE_EXCEEDED', `what was waited for has not come true within ${withinMs} virtual ms`);
    }
  }

  backend(contract: Contract): BackendControl {
    const service = contract[serviceName];
    const backend = this.#backends.get(service);
    if (backend === undefined) {
      const names = [...this.#backends.keys()];
      throw new HeddleError('NOT_FOUND', `simulate() was given no backend of ${service}${didYouMean(service, names)}`);
    }
    const note = (what: string): void => this.#note('test', `${service} ${what}`);
    return {
      get calls() {
        return backend.calls;
      },
      slow: (byMs) => {
        checkDelay(byMs, 'the time by which a backend is slow');
        note(`is slow, by ${byMs} ms`);
        backend.mood = { is: 'slow', byMs };
      },
      fail: (code = 'UNAVAILABLE', message = `${service} fails, as the test wants`) => {
        checkCode(code, 'the code by which a backend fails');
        note(`fails with ${code}`);
        backend.mood = { is: 'failing', code, message };
      },
      hang: () => {
        note('hangs');
        backend.mood = { is: 'hanging' };
      },
      recover: () => {
        note('is well');
        backend.mood = { is: 'well' };
      },
    };
  }

  kill(name: string): void {
    this.#named(name).thread.kill('the test kills it');
  }

  stall(name: string, ms: number): void {
    checkDelay(ms, 'the time for which a thread stands still');
    const { thread } = this.#named(name);
    this.#note('test', `${name} stands still for ${ms} ms`);
    this.#parts.simulation.stall(thread, ms);
  }

  disconnect(): void {
    this.#note('test', 'all connections are reset');
    for (const connection of [...this.#parts.network.connections]) connection.reset();
  }

  async setLevel(strategy: string, level: number | undefined): Promise<void> {
    checkLevel(level, 'the level of a strategy');
    const { process, driver } = this.#parts;
    const answer = Promise.withResolvers<unknown>();
    process.onMain(`sets the level of ${strategy}`, () => {
      // What it throws at once is the test's too.
      const asked = new Promise((resolve) => {
        resolve(process.server.strategies.ask({ ask: 'level', strategy, level }));
      });
      asked.then(answer.resolve, answer.reject);
    });
    await driver.settled(answer.promise);
    await this.advance(heardMs);
  }

  /** For `everySeed` and `simulate`: the test has failed; nothing more happens, and nobody is told. */
  abandon(): void {
    this.#parts.driver.abandon();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** What the test has been told already is not told again: it would hide behind a SuppressedError. */
  async [Symbol.asyncDispose](): Promise<void> {
    const isTold = this.#isTold || this.#closing !== undefined;
    try {
      await this.close();
    } catch (reason) {
      if (!isTold) throw reason;
    }
  }

  async #close(): Promise<void> {
    const { driver, process, fibers, simulation } = this.#parts;
    this.#faults?.end();
    for (const backend of this.#backends.values()) backend.mood = { is: 'well' };
    await driver.until(() => this.#callers.open === 0);
    const isLate = this.#after(wholeAgainMs);
    await driver.until(() => process.isWhole || isLate());
    this.#callers.close();
    await driver.until(this.#after(this.#plan.stopWithinMs + quietMs));
    try {
      fibers.checkEnd();
      process.laws.checkEnd();
    } catch (reason) {
      driver.fail(simulation.failure ?? reason);
    }
    if (simulation.failure !== undefined) {
      driver.fail(simulation.failure);
      throw simulation.failure;
    }
    process.stop();
    await driver.until(() => process.hasStopped);
  }

  /** True once so much virtual time has passed. */
  #after(delayMs: number): () => boolean {
    let isOver = false;
    this.#parts.simulation.after(delayMs, () => {
      isOver = true;
    });
    return () => isOver;
  }

  /** Errors of calls tests often pass over, those of this they do not. */
  async #wait(isOver: () => boolean): Promise<void> {
    try {
      await this.#parts.driver.until(isOver);
    } catch (reason) {
      this.#isTold = true;
      throw reason;
    }
  }

  #beginBackend(backend: Backend, place: number): void {
    const { simulation, process, network } = this.#parts;
    const { service } = backend;
    const thread = simulation.thread(service);
    const calls = new BackendCalls(backend, thread);
    this.#backends.set(service, calls);
    let server: backendMain.SimBackend | undefined;
    const [binding] = process.settings.services[0]!.listen;
    thread.post('start', 'begins', () => {
      const { main } = thread.load<typeof backendMain>(sourceUrl('testing/simulate/backend-main'));
      server = main(process.door(thread), calls, { ...binding!, ...backendAddress(place) });
    });
    const { host, port } = backendAddress(place);
    network.listen(`${host}:${port}`, () =>
      server === undefined ? undefined : { thread, accept: (socket) => server!.accept(socket as never) },
    );
  }

  #named(name: string): ProcessThread {
    const found = this.#parts.process.living().find(({ thread }) => thread.name === name);
    if (found !== undefined) return found;
    throw new HeddleError('NOT_FOUND', `there is no thread ${name}; those that live are ${this.threads.join(', ')}`);
  }

  #note(who: string, what: string): void {
    this.#parts.simulation.trace(who, `* ${what}`);
  }
}
