// Mutants of fibers, client, supervisor and runner: found in the whole process.

import type { Mutant } from './mutant.ts';

const world = 'process';

/** Matched against sources without types. */
export const processMutants: readonly Mutant[] = [
  {
    name: 'finalizer-skipped',
    what: 'after a finalizer that takes its time the next one is left out',
    breaks: ['finalizers'],
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
    breaks: ['permits balance'],
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
    breaks: ['over by its deadline'],
    world,
    edits: [
      { file: 'net/client/retry-policy.ts', find: 'if (nowMs + delayMs >= deadlineMs) return noRetry;', replace: '' },
    ],
  },
  {
    name: 'cancel-one-level',
    what: 'a cancel stops one level down: the children of children go on',
    breaks: ['cancel reaches all below'],
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
    breaks: ['cancel reaches all below'],
    world,
    edits: [{ file: 'net/thread/fiber-calls.ts', find: '    this.#call.cancel();', replace: '' }],
  },
  {
    name: 'settle-before-death',
    flaw: 'F8',
    what: 'main settles a thread when it has decided to end it, not when it has stopped',
    breaks: ['no settlement before the death', 'numbers are given back', 'permits balance'],
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
    breaks: ['cancel reaches all below'],
    world,
    edits: [
      { file: 'scheduler/supervisor.ts', find: '    bumpAll(new Int32Array(this.memory(number).table));', replace: '' },
    ],
  },
  {
    name: 'slots-not-settled',
    flaw: 'all',
    what: 'main leaves the slots of a dead thread as they are',
    breaks: ['queues drain', 'answered at all', 'over by its deadline'],
    world,
    edits: [
      {
        file: 'scheduler/supervisor.ts',
        find: '    for (const queue of this.#queues) queue.settle(number, (one) => lost.push(one));',
        replace: '',
      },
    ],
  },
  {
    name: 'number-used-early',
    flaw: 'F9',
    what: 'main gives the number of a dead thread away before all others have settled its death',
    breaks: ['numbers are given back'],
    world,
    edits: [{ file: 'scheduler/supervisor.ts', find: '    await settled;\n', replace: '' }],
  },
  {
    name: 'turn-not-waited',
    what: 'main goes on with a roll before all threads use the new table: requests go where nobody takes any more',
    breaks: ['queues drain', 'answered at all', 'over by its deadline', 'permits balance'],
    world,
    edits: [{ file: 'scheduler/supervisor.ts', find: '    return turned;', replace: '    return Promise.resolve();' }],
  },
  {
    name: 'lost-not-told',
    what: 'main does not tell askers which of their slots a dead thread has lost',
    breaks: ['blocks balance', 'answered at all', 'over by its deadline'],
    world,
    edits: [
      {
        file: 'scheduler/supervisor.ts',
        find: 'lost: lost.filter(({ asker }) => asker === other.number)',
        replace: 'lost: []',
      },
    ],
  },
  {
    name: 'inflight-kept',
    what: 'what a dead thread had under way counts for ever',
    breaks: ['permits balance'],
    world,
    edits: [{ file: 'scheduler/supervisor.ts', find: '    this.inflight.clear(number);\n', replace: '' }],
  },
  {
    name: 'dead-waited-for',
    what: 'a join or a settlement waits for a thread that dies meanwhile',
    breaks: ['numbers are given back', 'every place has its thread', 'ends'],
    world,
    edits: [
      {
        file: 'scheduler/supervisor.ts',
        find: '    for (const wait of this.#waits.values()) wait.release(number);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'no-wake-when-freed',
    what: 'a full thread does not look again when a fiber ends: what lies in its queue stays there',
    breaks: ['queues drain', 'no idle thread beside queued work', 'answered at all', 'over by its deadline'],
    world,
    edits: [{ file: 'scheduler/request-runner.ts', find: 'if (wasFull) this.endpoint.wake();', replace: '' }],
  },
  {
    name: 'one-fiber-idle',
    what: 'a thread takes one request less than it has fibers for',
    breaks: ['no idle thread beside queued work'],
    world,
    edits: [
      {
        file: 'scheduler/request-runner.ts',
        find: 'return this.#regular < this.bounds.maxFibers;',
        replace: 'return this.#regular < Math.max(1, this.bounds.maxFibers - 1);',
      },
    ],
  },
  {
    name: 'failed-does-not-join',
    what: 'a fiber that fails and has no finalizers does not wait for its children',
    breaks: ['no fiber outlives its parent'],
    world,
    edits: [
      {
        file: 'runtime/fiber/lifecycle.ts',
        find: 'if (this.#childCount === 0) {\n      this.#finish();',
        replace:
          'if (this.#childCount === 0 || (this.#failure !== undefined && this.#finalizers === undefined)) {\n      this.#finish();',
      },
    ],
  },
  {
    name: 'wire-twice',
    what: 'a connection writes every reply twice',
    breaks: ['answered once on the wire'],
    world,
    edits: [
      {
        file: 'net/protocol/heddle/connection.ts',
        find: '    this.#send(tag, reply);',
        replace: '    this.#send(tag, reply);\n    this.#send(tag, reply);',
      },
    ],
  },
  {
    name: 'client-sends-no-cancel',
    what: 'a client that gives a call up does not tell the server',
    breaks: ['cancel reaches all below'],
    world,
    edits: [{ file: 'net/client/channel.ts', find: '      carrier.sendCancel(handle);', replace: '' }],
  },
  {
    name: 'timers-go-first',
    what: 'a thread that leaves ends its timers before its connections: one to a peer that has vanished holds it, and its number',
    breaks: ['numbers are given back', 'links are those of the living'],
    world,
    edits: [
      {
        file: 'scheduler/request-runner.ts',
        find: '      this.endpoint.leave();\n      if (stopping',
        replace: '      this.endpoint.close();\n      if (stopping',
      },
    ],
  },
];
