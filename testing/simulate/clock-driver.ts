// ClockDriver: lets virtual time go on while the test waits for something of the simulation, and stand still while it does
// not. When something that was waited for has come, the test is given a turn to react before time goes on.

import { HeddleError } from '../../runtime/errors.ts';
import type { Simulation } from '../sim/simulation.ts';

interface Wait {
  readonly isOver: () => boolean;
  resolve(): void;
  reject(reason: unknown): void;
}

export class ClockDriver {
  readonly #simulation: Simulation;
  readonly #waits = new Set<Wait>();
  #isDriving = false;
  #failure: { reason: unknown } | undefined;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  /** What broke the run; undefined: nothing. */
  get failure(): unknown {
    return this.#failure?.reason;
  }

  /** Resolves at the first task after which `isOver` is true. Rejects with what broke the run, now and ever after. */
  until(isOver: () => boolean): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.reason);
    return new Promise((resolve, reject) => {
      this.#waits.add({ isOver, resolve, reject });
      if (!this.#isDriving) void this.#drive();
    });
  }

  /** As `until`, for whatever promises of simulated code come to. */
  async settled<Value>(promise: Promise<Value>): Promise<Value> {
    let isOver = false;
    const outcome = promise.then(
      (value) => {
        isOver = true;
        return { value };
      },
      (reason: unknown) => {
        isOver = true;
        return { reason };
      },
    );
    await this.until(() => isOver);
    const ended = await outcome;
    if ('reason' in ended) throw ended.reason;
    return ended.value;
  }

  fail(reason: unknown): void {
    this.#failure ??= { reason };
    for (const wait of this.#waits) wait.reject(this.#failure.reason);
    this.#waits.clear();
  }

  /** Time stands from now on. Who waits is told nothing: nobody is left that could be. Later waits reject. */
  abandon(): void {
    this.#failure ??= {
      reason: new HeddleError('CANCELLED', 'this simulation was given up, since its test has failed'),
    };
    this.#waits.clear();
    this.#simulation.abandon();
  }

  async #drive(): Promise<void> {
    this.#isDriving = true;
    // What a test asks for in one go begins at one time.
    await turn();
    while (this.#waits.size > 0) {
      try {
        await this.#simulation.run(() => this.#isAnyOver());
      } catch (reason) {
        this.fail(this.#simulation.failure ?? reason);
        break;
      }
      for (const wait of [...this.#waits]) {
        if (!wait.isOver()) continue;
        this.#waits.delete(wait);
        wait.resolve();
      }
      await turn();
    }
    this.#isDriving = false;
  }

  #isAnyOver(): boolean {
    for (const { isOver } of this.#waits) if (isOver()) return true;
    return false;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
