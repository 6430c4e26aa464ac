// What stepping code (steps.ts) runs on: every atomic operation is yielded as a StepOp before it happens, and whoever
// drives the generator performs it. A function that steps returns Steps, to be driven or passed on by `run`.

import { add, exchange, load, store, swapIf } from '../../runtime/shared/atomics.ts';

export type StepKind =
  | 'load'
  | 'store'
  | 'swapIf'
  | 'add'
  | 'exchange'
  /** Plain writes to shared memory follow: a thread may die here with half a record written. */
  | 'record'
  /** Anything else that others notice, such as a message that is posted. */
  | 'act'
  /** Blocks while there are no `ways` to go on; the driver picks one of them. */
  | 'wait';

export class StepOp {
  readonly kind: StepKind;
  readonly words: Int32Array | undefined;
  readonly index: number;
  readonly first: number;
  readonly second: number;
  readonly isAtomic: boolean;

  constructor(kind: StepKind, words: Int32Array | undefined, index: number, first: number, second: number) {
    this.kind = kind;
    this.words = words;
    this.index = index;
    this.first = first;
    this.second = second;
    this.isAtomic = words !== undefined && kind !== 'record';
  }

  get writes(): boolean {
    return this.isAtomic && this.kind !== 'load';
  }
}

/** A step of code written by hand. */
export class HandOp extends StepOp {
  readonly label: string;
  /** Of an `act`. */
  readonly action: (() => void) | undefined;
  /** Of a `wait`. */
  readonly ways: (() => number) | undefined;
  /** A `wait` that ends as soon as it can: when exactly does not matter. */
  readonly eager: boolean;

  constructor(kind: 'act' | 'wait', label: string, action?: () => void, ways?: () => number, eager = false) {
    super(kind, undefined, 0, 0, 0);
    this.label = label;
    this.action = action;
    this.ways = ways;
    this.eager = eager;
  }
}

export type StepResult = unknown;
/** Yields operations, which its driver performs, and calls of stepping code, which its driver runs to their result. */
export type StepGenerator<T> = Generator<StepOp | Steps, T, StepResult>;

/** A call of stepping code that has not begun. */
export class Steps {
  readonly generator: StepGenerator<unknown>;

  constructor(generator: StepGenerator<unknown>) {
    this.generator = generator;
  }
}

let waiting = 0;

/** Calls of stepping code that nobody drives: always 0 between two steps, or code was skipped in silence. */
export function undrivenSteps(): number {
  return waiting;
}

/** Forgets what a run that was broken off left behind. */
export function resetUndriven(): void {
  waiting = 0;
}

// What steps.ts writes into the code, beside `yield`. `$.call` holds the result of a call until it is known whether the
// call steps.

export const $: { call: unknown } = { call: undefined };

export function $step(generator: StepGenerator<unknown>): Steps {
  waiting++;
  return new Steps(generator);
}

export function $op(kind: StepKind, words: Int32Array, index: number, first = 0, second = 0): StepOp {
  return new StepOp(kind, words, index, first, second);
}

export function $record(view: Int32Array | Float64Array | undefined, index: number): StepOp {
  // `words` is there for its memory; a double is named by its first word.
  const at = view instanceof Float64Array ? 2 * index : index;
  return new StepOp('record', view as Int32Array | undefined, at, 0, 0);
}

/** Take the place of the globals: where tasks go of the thread whose step it is. */
export const $tasks: { microtasks: (() => unknown)[] | undefined; immediates: (() => unknown)[] | undefined } = {
  microtasks: undefined,
  immediates: undefined,
};

// And these are for code that drives.

/** The result of a call that may be stepping, with the type that the shipped function has. */
export function* run<T>(value: T): StepGenerator<T> {
  return value instanceof Steps ? ((yield value) as T) : value;
}

/** Drives generators down to their operations: a stack of calls, the innermost last. */
export class Driver {
  readonly #stack: StepGenerator<unknown>[];

  constructor(generator: StepGenerator<unknown>) {
    this.#stack = [generator];
  }

  /** Hands in the result of the last operation; returns the next one, or undefined at the end. */
  next(result: StepResult): StepOp | undefined {
    const stack = this.#stack;
    let value = result;
    while (stack.length > 0) {
      const step = stack[stack.length - 1]!.next(value);
      if (step.done) {
        stack.pop();
        value = step.value;
      } else if (step.value instanceof Steps) {
        waiting--;
        stack.push(step.value.generator);
        value = undefined;
      } else {
        return step.value;
      }
    }
    this.value = value;
    return undefined;
  }

  /** What the outermost generator returned. */
  value: unknown;
}

/** Performs one operation by the shipped function. */
export function perform(op: StepOp): StepResult {
  switch (op.kind) {
    case 'load':
      return load(op.words!, op.index);
    case 'store':
      store(op.words!, op.index, op.first);
      return undefined;
    case 'swapIf':
      return swapIf(op.words!, op.index, op.first, op.second);
    case 'add':
      return add(op.words!, op.index, op.first);
    case 'exchange':
      return exchange(op.words!, op.index, op.first);
    case 'act':
      (op as HandOp).action!();
      return undefined;
    default:
      return undefined;
  }
}

/** Runs a call to its end at once, as the shipped code does. */
export function runNow<T>(value: T): T {
  const driver = new Driver(run(value));
  for (let op = driver.next(undefined); op !== undefined; op = driver.next(perform(op))) {
    if (op.kind === 'wait') throw new Error('this code must not block');
  }
  return driver.value as T;
}

/** Something that other threads notice. */
export function act(label: string, action: () => void): StepOp {
  return new HandOp('act', label, action);
}

/** Resumes with the way that was picked, 0 to `ways() - 1`; blocks while that is 0. */
export function waitFor(label: string, ways: () => number): StepOp {
  return new HandOp('wait', label, undefined, ways);
}

/** Blocks until `ready`, and not a step longer. */
export function waitUntil(label: string, ready: () => boolean): StepOp {
  return new HandOp('wait', label, undefined, () => Number(ready()), true);
}
