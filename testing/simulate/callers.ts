// Callers: the clients that a test has of the simulated process, each in a process of its own, and the law that each of their
// calls is answered.

import type { ClientCallOptions, ClientMethods } from '../../net/client/connect.ts';
import { type Contract, methodsOf } from '../../net/service/contract.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { sourceUrl } from '../sim/modules.ts';
import type { SimProcess } from '../sim/process/sim-process.ts';
import type { Simulation } from '../sim/simulation.ts';
import type { SimThread } from '../sim/thread.ts';
import type * as callerMain from './caller-main.ts';
import type { ClockDriver } from './clock-driver.ts';
import { ownAddress } from './settings.ts';
import type { SimClientOptions } from './simulated-process.ts';

export interface CallersWorld {
  readonly simulation: Simulation;
  readonly process: SimProcess;
  readonly driver: ClockDriver;
}

interface Caller {
  readonly thread: SimThread;
  client: callerMain.SimCaller | undefined;
  /** It could not be made: its options are wrong. */
  mistake: { readonly reason: unknown } | undefined;
}

export class Callers {
  readonly #world: CallersWorld;
  readonly #answerWithinMs: number;
  readonly #callers: Caller[] = [];
  #calls = 0;
  #open = 0;

  constructor(world: CallersWorld, answerWithinMs: number) {
    this.#world = world;
    this.#answerWithinMs = answerWithinMs;
  }

  /** Calls without an answer. */
  get open(): number {
    return this.#open;
  }

  client<Service extends Contract>(contract: Service, options: SimClientOptions): ClientMethods<Service> {
    const { simulation, process } = this.#world;
    const thread = simulation.thread(`caller-${this.#callers.length + 1}`);
    const caller: Caller = { thread, client: undefined, mistake: undefined };
    this.#callers.push(caller);
    thread.post('caller', 'begins', () => {
      const { main } = thread.load<typeof callerMain>(sourceUrl('testing/simulate/caller-main'));
      const { host, port } = ownAddress;
      try {
        caller.client = main(process.door(thread), contract, { ...options, target: `heddle://${host}:${port}` });
      } catch (reason) {
        caller.mistake = { reason };
      }
    });
    const methods: Record<string, unknown> = {};
    for (const { method, fullName } of methodsOf(contract)) {
      methods[method] = (request: unknown, callOptions?: ClientCallOptions) =>
        this.#call(caller, method, fullName, request, callOptions);
    }
    // Put together by name; the contract's type says which.
    return methods as ClientMethods<Service>;
  }

  close(): void {
    for (const { thread, client } of this.#callers) thread.post('caller', 'closes', () => void client?.close());
  }

  #call(
    caller: Caller,
    method: string,
    fullName: string,
    request: unknown,
    options: ClientCallOptions | undefined,
  ): Promise<unknown> {
    const { simulation, driver } = this.#world;
    const { thread } = caller;
    const withinMs = this.#answerWithinMs;
    const number = ++this.#calls;
    const note = (what: string): void => simulation.trace(thread.name, `* call ${number} of ${fullName}${what}`);
    const answer = Promise.withResolvers<unknown>();
    let isOpen = true;
    const end = (how: string): void => {
      isOpen = false;
      this.#open--;
      note(` has ended: ${how}`);
    };
    const fail = (reason: unknown): void => {
      const { code, message } = HeddleError.from(reason);
      end(`${code} (${message})`);
      answer.reject(reason);
    };
    this.#open++;
    thread.post('caller', `calls ${fullName}`, () => {
      note('');
      if (caller.mistake !== undefined) {
        fail(caller.mistake.reason);
        return;
      }
      caller.client!.call(method, request, options).then((value) => {
        end('ok');
        answer.resolve(value);
      }, fail);
    });
    simulation.after(withinMs, () => {
      if (!isOpen || simulation.failure !== undefined) return;
      const advice = 'does something wait for ever? Give calls a timeout';
      simulation.fail('answered at all', `call ${number} of ${fullName} has no answer after ${withinMs} ms; ${advice}`);
    });
    const settled = driver.settled(answer.promise);
    // Who awaits it only after other things has not lost it.
    settled.catch(() => {});
    return settled;
  }
}
