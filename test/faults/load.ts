// load: callers that go on until they are told to stop, each with one call under way; every answer is held against its
// request, every failure counted by its code.

import { HeddleError } from '../../runtime/errors.ts';

export interface Load {
  /** Answers that belonged to their requests. */
  good: number;
  /** Answers that did not. */
  wrong: number;
  /** Failures by code, with one sentence of each. */
  readonly failures: Map<string, { count: number; message: string; retry: string }>;
  /** Ends the callers; resolves when their last calls are over. */
  stop(): Promise<void>;
}

/** One call; true when the answer belongs to it. */
export type Call = (id: number) => Promise<boolean>;

/** Between two calls of one caller, ms: on two cores callers must not starve the threads that are born meanwhile. */
const callPaceMs = 3;

/** Those that have not been told to end. */
const endings = new Set<() => void>();

/** Tells all loads of this file to end: a test that fails must not leave callers behind, or its process never ends. */
export function endLoads(): void {
  for (const end of endings) end();
  endings.clear();
}

export function startLoad(callers: number, firstId: number, call: Call, paceMs = callPaceMs): Load {
  let stopped = false;
  endings.add(() => {
    stopped = true;
  });
  let nextId = firstId;
  const load: Load = {
    good: 0,
    wrong: 0,
    failures: new Map(),
    stop: async () => {
      stopped = true;
      await Promise.all(all);
    },
  };
  async function caller(): Promise<void> {
    while (!stopped) {
      try {
        if (await call(nextId++)) load.good++;
        else load.wrong++;
      } catch (reason) {
        fail(load, reason);
      }
      if (paceMs > 0) await new Promise((resolve) => setTimeout(resolve, paceMs));
    }
  }
  const all = Array.from({ length: callers }, caller);
  return load;
}

function fail(load: Load, reason: unknown): void {
  const { code, message, retry } = HeddleError.from(reason, String(reason));
  const known = load.failures.get(code);
  if (known === undefined) load.failures.set(code, { count: 1, message, retry });
  else known.count++;
}

export function codesOf(load: Load): string[] {
  return [...load.failures.keys()];
}
