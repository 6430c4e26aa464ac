// Faults of callers and of what all threads share: storms of cancellations, clients that leave, bursts past a queue, libuv's
// threads flooded, a disk that is full.

import { truncateSync } from 'node:fs';
import { connect } from 'node:net';
import { heddleRequest } from '../../faults/hostile-scene.ts';
import { taggedBytes, Work } from '../../faults/services/contracts.ts';
import { type Fault, harmful, later } from './fault.ts';

const nobody = { reaches: [], codes: [], lingersMs: 0 } as const;

export const callerFaults: Fault[] = [
  {
    kind: 'cancel',
    what: 'a hundred calls at once, each taken back at a random instant',
    everyMs: 3_000,
    ...nobody,
    inject: async ({ clients, ledger }, random) => {
      const terms = { withinMs: 12_000, codes: ['CANCELLED'] as const };
      const calls = Array.from({ length: 100 }, () =>
        ledger.call(harmful('cancelled', 'work'), terms, async (id) => {
          const abort = new AbortController();
          const call = clients.work.echo({ id, text: 'taken back', sleepMs: 15 }, { signal: abort.signal });
          setTimeout(() => abort.abort(), random() * 20);
          return (await call).id === id;
        }),
      );
      await Promise.all(calls);
      return true;
    },
  },
  {
    kind: 'disconnect',
    what: 'a client closed with fifty calls under way, and twenty connections broken off',
    everyMs: 4_000,
    ...nobody,
    inject: async ({ clients, ledger }, random) => {
      const client = clients.open(Work, { maxAttempts: 1 });
      const terms = { withinMs: 12_000, codes: ['CANCELLED'] as const };
      const calls = Array.from({ length: 50 }, () =>
        ledger.call(harmful('left alone', 'work'), terms, async (id) => {
          return (await client.echo({ id, text: 'left alone', sleepMs: 20 })).id === id;
        }),
      );
      const sockets = Array.from({ length: 20 }, () => connect({ port: clients.ports.heddle, host: '127.0.0.1' }));
      for (const socket of sockets) {
        socket.on('error', () => {});
        for (let id = 1; id < 5; id++) socket.write(heddleRequest(id, 'raw', taggedBytes(id, 5_000)));
      }
      await later(random() * 30);
      for (const socket of sockets) socket.resetAndDestroy();
      await client.close();
      await Promise.all(calls);
      return true;
    },
  },
  {
    kind: 'overload',
    what: 'four hundred calls at once for a queue of 64',
    everyMs: 6_000,
    reaches: ['cpu:frail'],
    codes: ['RESOURCE_EXHAUSTED'],
    lingersMs: 2_000,
    inject: async ({ clients, ledger }) => {
      const terms = { withinMs: 12_000, codes: ['RESOURCE_EXHAUSTED'] as const };
      const calls = Array.from({ length: 400 }, () =>
        ledger.call(harmful('overload', 'frail'), terms, async (id) => {
          return (await clients.frail.echo({ id, sleepMs: 20 })).id === id;
        }),
      );
      await Promise.all(calls);
      return true;
    },
  },
  {
    kind: 'libuv',
    what: "48 hashes at once on libuv's threads",
    everyMs: 8_000,
    ...nobody,
    inject: async ({ clients, ledger }) => {
      await ledger.call(harmful('hashes', 'greedy'), { withinMs: 12_000 }, async () => {
        await clients.greedy.hash({ jobs: 48 });
        return true;
      });
      return true;
    },
  },
  {
    kind: 'log-full',
    what: 'a full disk under the log for half a second',
    everyMs: 25_000,
    ...nobody,
    inject: async ({ clients, ledger, logFile }) => {
      for (let round = 0; round < 45; round++) {
        await ledger.call(harmful('logs', 'greedy'), { withinMs: 12_000 }, async () => {
          await clients.greedy.writeLog({ lines: 100 });
          return true;
        });
      }
      await later(500);
      truncateSync(logFile, 0);
      return true;
    },
  },
];
