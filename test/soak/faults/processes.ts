// Faults of whole processes: the service's, which its guardian starts again, and the backend's.

import { type Fault, harmful, healsMs, later } from './fault.ts';

/** A service process is back within 1 s; where many share the cores it may take much longer, ms. */
const backWithinMs = 60_000;

const serviceEnds = {
  endsProcess: true,
  reaches: ['process'],
  codes: ['UNAVAILABLE'],
  lingersMs: healsMs,
} as const;

/** Its clients wait up to 5 s between two attempts to connect. */
const backendGone = { reaches: ['backend'], codes: ['UNAVAILABLE', 'DEADLINE_EXCEEDED'], lingersMs: 8_000 } as const;

export const processFaults: Fault[] = [
  {
    kind: 'process-kill',
    what: 'the service process killed by SIGKILL',
    everyMs: 30_000,
    ...serviceEnds,
    inject: async ({ processes }) => {
      const service = processes.remote('service');
      if (service === undefined) return false;
      const next = processes.next('service', backWithinMs);
      process.kill(service.pid, 'SIGKILL');
      await next;
      return true;
    },
  },
  {
    kind: 'process-allocation',
    what: 'one huge allocation past the heap limit, which aborts the service process',
    everyMs: 45_000,
    ...serviceEnds,
    inject: async ({ processes, clients, ledger }) => {
      if (processes.remote('service') === undefined) return false;
      const next = processes.next('service', backWithinMs);
      const terms = { withinMs: 12_000, codes: ['UNAVAILABLE'] as const };
      const call = ledger.call(harmful('doomed', 'greedy'), terms, async () => {
        await clients.greedy.burst({});
        return false;
      });
      await Promise.all([next, call]);
      return true;
    },
  },
  {
    kind: 'backend-kill',
    what: 'the backend killed by SIGKILL, and started again up to a second later',
    everyMs: 20_000,
    ...backendGone,
    inject: async ({ processes }, random) => {
      if (processes.remote('backend') === undefined) return false;
      await processes.killBackend();
      await later(random() * 1_000);
      const next = processes.next('backend', backWithinMs);
      processes.startBackend();
      await next;
      return true;
    },
  },
  {
    kind: 'backend-stop',
    what: 'the backend stopped (SIGSTOP) for up to 2.5 s',
    everyMs: 15_000,
    ...backendGone,
    inject: async ({ processes }, random) => {
      const backend = processes.remote('backend');
      if (backend === undefined) return false;
      processes.signalBackend('SIGSTOP');
      await later(300 + random() * 2_200);
      processes.signalBackend('SIGCONT');
      return true;
    },
  },
  {
    kind: 'backend-slow',
    what: 'a backend that takes 400 ms longer for 2 s',
    everyMs: 12_000,
    reaches: [],
    codes: [],
    lingersMs: 0,
    inject: async ({ processes }) => {
      const done = await processes.remote('backend')?.ask({ do: 'switch', name: 'slowMs', value: 400 });
      await later(2_000);
      await processes.remote('backend')?.ask({ do: 'switch', name: 'slowMs', value: 0 });
      return done === true;
    },
  },
];
