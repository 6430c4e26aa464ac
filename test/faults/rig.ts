// rig: a real server with the fault tests' services, its typed clients, and what all these tests ask of it: that it comes
// to rest, and that nothing is left over when it has.

import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { readConfig } from '../../config/read-config.ts';
import { formatProblems } from '../../document/format-problems.ts';
import { type Client, type ConnectOptions, connect } from '../../net/client/connect.ts';
import { Server } from '../../net/server/server.ts';
import type { ServerOptions } from '../../net/server/server-options.ts';
import type { Contract } from '../../net/service/contract.ts';
import type { Settings } from '../../runtime/settings.ts';
import { allRequests } from '../../runtime/shared/inflight.ts';
import { fates, requestStateShift, threadNumberMax } from '../../runtime/shared/layout.ts';
import type { PoolThread } from '../../scheduler/pool-thread.ts';
import type { ThreadPool } from '../../scheduler/thread-pool.ts';
import { endLoads } from './load.ts';

export interface Rig extends AsyncDisposable {
  readonly server: Server;
  port(protocol: 'heddle' | 'http'): number;
  client<Service extends Contract>(contract: Service, options?: Partial<ConnectOptions>): Client<Service>;
  /** The pool of CPU threads of that name. */
  pool(name: string): ThreadPool;
}

/** Threads that die at once and often, as no sane limit would let them: for tests that are not about the limit. */
export const eager = { max: 10_000, windowMs: 10_000, backoffFirstMs: 1, backoffMaxMs: 1 };

/** Module paths in `yaml` are relative to test/faults/services/. */
export function settingsOf(yaml: string): Settings {
  const file = fileURLToPath(new URL('./services/heddle.yaml', import.meta.url));
  const overrides = /^log:/m.test(yaml) ? [] : ['log.level=silent'];
  if (!/^admin:/m.test(yaml)) overrides.push('admin.address=none');
  const config = readConfig({ file, text: yaml, overrides, environment: {} });
  if (config.settings === undefined) throw new Error(formatProblems(config.problems));
  return config.settings;
}

export async function startRig(yaml: string, options: ServerOptions = {}): Promise<Rig> {
  const server = new Server(settingsOf(yaml), options);
  await server.start();
  const clients: AsyncDisposable[] = [];
  const port = (protocol: string): number => server.addresses.find((one) => one.protocol === protocol)!.port;
  return {
    server,
    port,
    client: (contract, connectOptions = {}) => {
      const client = connect(contract, { target: `heddle://127.0.0.1:${port('heddle')}`, ...connectOptions });
      clients.push(client);
      return client;
    },
    pool: (name) => server.cpuPools.find((pool) => pool.name === name)!,
    [Symbol.asyncDispose]: async () => {
      endLoads();
      await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
      await server.stop();
    },
  };
}

/** Looks every 5 ms until `look` gives something true; fails, saying what was awaited, after `withinMs`. */
export async function eventually<Value>(what: string, look: () => Value, withinMs = 40_000): Promise<Value> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    const value = look();
    if (value) return value;
    if (performance.now() > endMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What a test may take after its count is complete, and how often its timeout is put off while the count grows, ms. */
const afterCountMs = 120_000;
const putOffEveryMs = 10_000;

/**
 * Waits until a count has come to `goal`, however long that takes; fails when it has not grown for `stillMs`. The test's
 * timeout is put off with it: one long timeout would keep AVA from noticing what hangs in other files.
 */
export async function countsTo(
  t: ExecutionContext,
  goal: number,
  what: string,
  count: () => number,
  stillMs = 40_000,
): Promise<void> {
  let putOffMs = Number.NEGATIVE_INFINITY;
  for (let seen = count(); seen < goal; seen = count()) {
    if (performance.now() - putOffMs >= putOffEveryMs) {
      putOffMs = performance.now();
      t.timeout(stillMs + afterCountMs);
    }
    await eventually(`more ${what} than ${seen} of ${goal}`, () => count() > seen, stillMs);
  }
}

export function goingThreads(pool: ThreadPool): PoolThread[] {
  return [...pool.threads].filter(({ state }) => state === 'going');
}

export function allPools(server: Server): ThreadPool[] {
  return [server.ioPool, ...server.cpuPools];
}

/** Sockets, pipes and files of this process. */
export function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}

/** Shared memory that is still held for some request: 0 of each when all are answered. */
export function held(server: Server): { blocks: number; entries: number; permits: number; fibers: number } {
  const { supervisor, settings } = server;
  const total = { blocks: 0, entries: 0, permits: 0, fibers: server.stats().fibers };
  for (let number = 1; number <= threadNumberMax; number++) {
    if (supervisor.board.fate(number) !== fates.alive) continue;
    const { arena, table } = supervisor.memory(number);
    // The arena's words come first: generation and, in the lowest bit, whether the block is leased.
    const words = new Int32Array(arena, 0, Math.floor(arena.byteLength / (1024 + 4)));
    for (const word of words) total.blocks += word & 1;
    for (const word of new Int32Array(table)) if (((word >>> requestStateShift) & 3) !== 0) total.entries++;
    for (let column = allRequests; column <= 2 * settings.services.length; column++) {
      total.permits += supervisor.inflight.get(number, column);
    }
  }
  return total;
}

/** All threads are there again, all deaths settled, and nothing is held for anybody. */
export async function comesToRest(t: ExecutionContext, server: Server): Promise<void> {
  const { settings, supervisor } = server;
  const threads = settings.io.threads + settings.pools.reduce((sum, pool) => sum + pool.threads, 0);
  const at = () => allPools(server).reduce((sum, pool) => sum + pool.size, 0);
  await eventually('all threads going', () => at() === threads);
  await eventually('all deaths settled', () => supervisor.numbersInUse === threads);
  let last = held(server);
  const isRest = () => {
    last = held(server);
    return Object.values(last).every((count) => count === 0);
  };
  await eventually('nothing held', isRest).catch(() => {});
  t.deepEqual(last, { blocks: 0, entries: 0, permits: 0, fibers: 0 });
}
