// ProcessUnderTest: the simulated process behind SimulatedProcess: callers and backends on threads of their own, the clock, the
// faults, and at the end the laws.

import type { ClientCallOptions, ClientMethods } from '../../net/client/connect.ts';
import { type Contract, methodsOf, serviceName } from '../../net/service/contract.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { didYouMean } from '../../runtime/nearest.ts';
import { sourceUrl } from '../sim/modules.ts';
import type { SimNetwork } from '../sim/network.ts';
import type { SimProcess } from '../sim/process/sim-process.ts';
import type { ProcessThread } from '../sim/process/spawner.ts';
import type { Simulation } from '../sim/simulation.ts';
import type { SimThread } from '../sim/thread.ts';
import type { Backend } from './backend.ts';
import { BackendCalls } from './backend-calls.ts';
import type * as backendMain from './backend-main.ts';
import type * as callerMain from './caller-main.ts';
import type { ClockDriver } from './clock-driver.ts';
import type { FiberWatch } from './fiber-watch.ts';
import { RandomFaults } from './random-faults.ts';
import { backendAddress, ownAddress } from './settings.ts';
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

interface Caller {
  readonly thread: SimThread;
  client: callerMain.SimCaller | undefined;
}

/** How long after the last answer all that goes on behind it may take, beside what fibers may, ms. */
const quietMs = 2_500;
/** In which all threads have heard what main tells them, unless they stand still, ms. */
const heardMs = 20;

export class ProcessUnderTest implements SimulatedProcess {
  readonly #parts: SimulatedParts;
  readonly #plan: SimulatedPlan;
  readonly #backends = new Map<string, BackendCalls>();
  readonly #callers: Caller[] = [];
  #faults: RandomFaults | undefined;
  #calls = 0;
  #open = 0;
  #closing: Promise<void> | undefined;
  /** The test knows what broke the run. */
  #isTold = false;

  /** For `simulate` alone. */
  constructor(parts: SimulatedParts, plan: SimulatedPlan) {
    this.#parts = parts;
    this.#plan = plan;
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
    const { simulation, process } = this.#parts;
    const thread = simulation.thread(`caller-${this.#callers.length + 1}`);
    const caller: Caller = { thread, client: undefined };
    this.#callers.push(caller);
    thread.post('caller', 'begins', () => {
      const { main } = thread.load<typeof callerMain>(sourceUrl('testing/simulate/caller-main'));
      const { host, port } = ownAddress;
      caller.client = main(process.door(thread), contract, { ...options, target: `heddle://${host}:${port}` });
    });
    const methods: Record<string, unknown> = {};
    for (const { method, fullName } of methodsOf(contract)) {
      methods[method] = (request: unknown, callOptions?: ClientCallOptions) =>
        this.#call(caller, method, fullName, request, callOptions);
    }
    // Put together by name; the contract's type says which.
    return methods as ClientMethods<Service>;
  }

  async advance(delayMs: number): Promise<void> {
    await this.#wait(this.#after(delayMs));
  }

  async until(condition: () => boolean, { withinMs = 60_000 }: { withinMs?: number } = {}): Promise<void> {
    const isLate = this.#after(withinMs);
    await this.#wait(() => isLate() || condition());
    if (!condition()) {
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
        note(`is slow, by ${byMs} ms`);
        backend.mood = { is: 'slow', byMs };
      },
      fail: (code = 'UNAVAILABLE', message = `${service} fails, as the test wants`) => {
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
    const { thread } = this.#named(name);
    this.#note('test', `${name} stands still for ${ms} ms`);
    this.#parts.simulation.stall(thread, ms);
  }

  disconnect(): void {
    this.#note('test', 'all connections are reset');
    for (const connection of [...this.#parts.network.connections]) connection.reset();
  }

  async setLevel(strategy: string, level: number | undefined): Promise<void> {
    const { process, driver } = this.#parts;
    const answer = Promise.withResolvers<unknown>();
    process.onMain(`sets the level of ${strategy}`, () => {
      process.server.strategies.ask({ ask: 'level', strategy, level }).then(answer.resolve, answer.reject);
    });
    await driver.settled(answer.promise);
    await this.advance(heardMs);
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
    await driver.until(() => this.#open === 0);
    for (const { thread, client } of this.#callers) thread.post('caller', 'closes', () => void client?.close());
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

  #call(
    caller: Caller,
    method: string,
    fullName: string,
    request: unknown,
    options: ClientCallOptions | undefined,
  ): Promise<unknown> {
    const { simulation, driver } = this.#parts;
    const { thread } = caller;
    const { answerWithinMs } = this.#plan;
    const number = ++this.#calls;
    const answer = Promise.withResolvers<unknown>();
    let isOpen = true;
    const end = (how: string): void => {
      isOpen = false;
      this.#open--;
      this.#note(thread.name, `call ${number} of ${fullName} has ended: ${how}`);
    };
    this.#open++;
    thread.post('caller', `calls ${fullName}`, () => {
      this.#note(thread.name, `call ${number} of ${fullName}`);
      caller.client!.call(method, request, options).then(
        (value) => {
          end('ok');
          answer.resolve(value);
        },
        (reason: unknown) => {
          const { code, message } = HeddleError.from(reason);
          end(`${code} (${message})`);
          answer.reject(reason);
        },
      );
    });
    simulation.after(answerWithinMs, () => {
      if (!isOpen || simulation.failure !== undefined) return;
      const advice = 'does something wait for ever? Give calls a timeout';
      simulation.fail(
        'answered at all',
        `call ${number} of ${fullName} has no answer after ${answerWithinMs} ms; ${advice}`,
      );
    });
    const settled = driver.settled(answer.promise);
    // Who awaits it only after other things has not lost it.
    settled.catch(() => {});
    return settled;
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
