// Faults of threads: CPU and IO threads that die in every way, are stuck, outgrow their memory, or die while they load.

import type { Doom } from '../../faults/services/dooms.ts';
import type { Stall } from '../../faults/services/guarded-contract.ts';
import { greedyBytes, type PoolName } from '../config.ts';
import { endsThreads, type Fault, harmful, healsMs, later, nextBody } from './fault.ts';

const dies = { reaches: ['cpu:work'], codes: ['UNAVAILABLE'], lingersMs: healsMs } as const;
const ioDies = { reaches: ['io'], codes: ['UNAVAILABLE'], lingersMs: healsMs } as const;

/** A handler of pool `work` that ends its thread. */
function doomed(how: Doom, what: string, everyMs: number): Fault {
  return {
    kind: `cpu-${how}`,
    what,
    everyMs,
    ...dies,
    inject: endsThreads('work', async ({ clients, ledger }, random) => {
      const request = { how, ms: random() * 5, id: nextBody() };
      // It may be ended by its deadline first where the machine is slow.
      const terms = { withinMs: 12_000, codes: ['UNAVAILABLE', 'DEADLINE_EXCEEDED'] as const };
      await ledger.call(harmful('doomed', 'work'), terms, async () => {
        await clients.work.doom(request);
        return false;
      });
      return true;
    }),
  };
}

/** A thread that is ended from outside, wherever it stands. */
function terminated(
  kind: string,
  what: string,
  pool: PoolName,
  everyMs: number,
  effects: Pick<Fault, 'reaches' | 'codes' | 'lingersMs'>,
) {
  return {
    kind,
    what,
    everyMs,
    ...effects,
    inject: endsThreads(pool, async ({ processes }, random) => {
      const ask = { do: 'terminate', pool, pick: random(), afterMs: random() * 20 } as const;
      return (await processes.remote('service')?.ask(ask)) === true;
    }),
  } satisfies Fault;
}

/** A handler of pool `guarded` that keeps its thread until the watchdog comes. */
function stuck(how: Stall, what: string, everyMs: number): Fault {
  return {
    kind: `stall-${how}`,
    what,
    everyMs,
    reaches: ['cpu:guarded'],
    codes: ['UNAVAILABLE', 'DEADLINE_EXCEEDED'],
    lingersMs: healsMs,
    inject: endsThreads('guarded', async ({ clients, ledger }) => {
      const terms = { withinMs: 12_000, codes: ['UNAVAILABLE', 'DEADLINE_EXCEEDED'] as const };
      await ledger.call(harmful('stuck', 'guarded'), terms, async () => {
        await clients.guarded.stall({ how, ms: 60_000 + nextBody() });
        return false;
      });
      return true;
    }),
  };
}

export const threadFaults: Fault[] = [
  doomed('exit', 'process.exit in a handler', 3_000),
  doomed('throw', 'an exception out of a timer', 4_000),
  doomed('reject', 'a rejected promise that nobody handles', 4_000),
  doomed('heap', 'the heap exhausted step by step', 15_000),
  terminated('cpu-terminate', 'a CPU thread ended from outside', 'work', 1_500, dies),
  terminated('front-terminate', 'a CPU thread that calls others ended from outside', 'front', 5_000, {
    ...dies,
    reaches: ['cpu:front'],
  }),
  {
    kind: 'cpu-instants',
    what: 'a CPU thread that ends at atomic operations drawn from the seed',
    everyMs: 8_000,
    reaches: ['cpu:trapped'],
    codes: ['UNAVAILABLE'],
    lingersMs: healsMs,
    inject: endsThreads('trapped', async ({ processes }) => {
      const armed = await processes.remote('service')?.ask({ do: 'arm', on: true });
      await later(1_500);
      await processes.remote('service')?.ask({ do: 'arm', on: false });
      return armed === true;
    }),
  },
  {
    kind: 'cpu-load',
    what: 'a thread ended from outside whose successors end while they load',
    everyMs: 8_000,
    reaches: ['cpu:frail'],
    // Its only thread is away for a while, and its queue is short.
    codes: ['UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'DEADLINE_EXCEEDED'],
    lingersMs: healsMs,
    inject: endsThreads('frail', async ({ processes }, random) => {
      const service = processes.remote('service');
      await service?.ask({ do: 'switch', name: 'dyingLoads', value: 1 + Math.floor(random() * 3) });
      const ended = await service?.ask({ do: 'terminate', pool: 'frail', pick: 0, afterMs: 0 });
      await later(1_000);
      return ended === true;
    }),
  },
  terminated('io-terminate', 'an IO thread ended from outside', 'io', 6_000, ioDies),
  {
    kind: 'io-exit',
    what: 'process.exit in a handler of pool io',
    everyMs: 12_000,
    ...ioDies,
    inject: endsThreads('io', async ({ clients, ledger }) => {
      const terms = { withinMs: 12_000, codes: ['UNAVAILABLE'] as const };
      await ledger.call(harmful('doomed', 'io'), terms, async () => {
        await clients.inline.doom({ how: 'exit', id: nextBody() });
        return false;
      });
      return true;
    }),
  },
  stuck('loop', 'an endless loop', 6_000),
  stuck('regexp', 'a catastrophic regular expression', 9_000),
  {
    kind: 'memory',
    what: 'a thread past its soft limit, which is replaced and loses nothing',
    everyMs: 10_000,
    reaches: [],
    codes: [],
    lingersMs: 0,
    inject: async ({ clients, ledger }) => {
      const ended = await ledger.call(harmful('kept', 'greedy'), { withinMs: 12_000 }, async () => {
        await clients.greedy.keep({ bytes: Math.round(greedyBytes * 1.6) });
        return true;
      });
      // At most one replacement in 5 s.
      await later(6_000);
      return ended === 'right';
    },
  },
  {
    kind: 'poison',
    what: 'one body that ends its thread each time, until it is refused',
    everyMs: 10_000,
    reaches: ['cpu:guarded'],
    codes: ['UNAVAILABLE'],
    lingersMs: healsMs,
    inject: async ({ clients, ledger }) => {
      const text = `poison ${nextBody()}`;
      const terms = { withinMs: 12_000, codes: ['UNAVAILABLE', 'FAILED_PRECONDITION'] as const };
      for (let tries = 0; tries < 4; tries++) {
        await ledger.call(harmful('poison', 'guarded'), terms, async () => {
          await clients.guarded.poison({ text });
          return false;
        });
        await later(300);
      }
      return true;
    },
  },
];
