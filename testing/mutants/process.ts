// Mutants of fibers, client, supervisor and runner: found in the whole process.

import type { Mutant } from './mutant.ts';

const world = 'process';

/** Matched against sources without types. */
export const processMutants: readonly Mutant[] = [
  {
    name: 'finalizer-skipped',
    what: 'after a finalizer that takes its time the next one is left out',
    world,
    edits: [
      {
        file: 'runtime/fiber/finalizers.ts',
        find: `        if (!isPromiseLike(result)) continue;
        this.#await(result);
        return;`,
        replace: `        if (!isPromiseLike(result)) continue;
        this.#stack.pop();
        this.#await(result);
        return;`,
      },
    ],
  },
  {
    name: 'permit-twice',
    what: 'a request that is taken back returns its permit twice: the next ones are let in over the bound',
    world,
    edits: [
      {
        file: 'runtime/shared/asker.ts',
        find: `    const taker = this.#close(id);
    if (taker === 0) return 0;`,
        replace: `    const again = this.#routes[id].column;
    const taker = this.#close(id);
    if (again > 0) this.#inflight.change(this.#me, again, -1);
    if (taker === 0) return 0;`,
      },
    ],
  },
  {
    name: 'retry-past-deadline',
    what: 'a client tries again though the call is over by then',
    world,
    edits: [
      { file: 'net/client/retry-policy.ts', find: 'if (nowMs + delayMs >= deadlineMs) return noRetry;', replace: '' },
    ],
  },
  {
    name: 'cancel-one-level',
    what: 'a cancel stops one level down: the children of children go on',
    world,
    edits: [
      {
        file: 'runtime/fiber/lifecycle.ts',
        find: '    this.#stopWaits(reason);\n    this.#cancelChildren(reason);',
        replace: '    this.#stopWaits(reason);\n    if (this.parent === undefined) this.#cancelChildren(reason);',
      },
    ],
  },
  {
    name: 'cancel-not-passed-on',
    what: 'a fiber that is cancelled leaves the call that it waits for as it is',
    world,
    edits: [{ file: 'net/thread/fiber-calls.ts', find: '    this.#call?.cancel();', replace: '' }],
  },
  {
    name: 'settle-before-death',
    flaw: 'F8',
    what: 'main settles a thread when it has decided to end it, not when it has stopped',
    world,
    edits: [
      {
        file: 'scheduler/thread-generation.ts',
        find: '    this.#options.supervisor.condemn(number);\n    void thread.worker?.terminate();',
        replace:
          '    this.#options.supervisor.condemn(number);\n    void thread.worker?.terminate();\n    void this.#options.supervisor.died(number);',
      },
    ],
  },
  {
    name: 'table-not-moved-on',
    flaw: 'F6',
    what: 'main leaves the request table of a dead thread as it is',
    world,
    edits: [
      { file: 'scheduler/supervisor.ts', find: '    bumpAll(new Int32Array(this.memory(number).table));', replace: '' },
    ],
  },
  {
    name: 'slots-not-settled',
    flaw: 'all',
    what: 'main leaves the slots of a dead thread as they are',
    world,
    edits: [
      {
        file: 'scheduler/supervisor.ts',
        find: '    for (const queue of this.#queues) queue.settle(number, (one) => lost.push(one));',
        replace: '',
      },
    ],
  },
];
