// What an admin says, for the tests of `heddle top`: a process with everything in it, and a server that says so.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import type { MethodReport, PoolRow, ServiceRow, ThreadRow } from '../../admin/shapes.ts';
import type { AdminAnswers, Poll } from '../../cli/top/poll.ts';

export function thread(own: Partial<ThreadRow> = {}): ThreadRow {
  const row = { name: 'ranking-1', number: 3, pool: 'ranking', state: 'going', ageMs: 60_000, parked: false };
  return { ...row, fibers: 0, nested: 0, asked: 0, connections: 0, ...own };
}

export function pool(own: Partial<PoolRow> = {}): PoolRow {
  const queued = { high: 0, normal: 0, low: 0, nested: 0 };
  const row = { name: 'ranking', threads: 2, going: 2, down: false, queued, queueLength: 100 };
  return { ...row, fibers: 0, maxFibers: 1000, counts: {}, ...own };
}

export function method(own: Partial<MethodReport> = {}): MethodReport {
  const row = { name: 'search', index: 1, fromSockets: {}, fromFibers: {} };
  return { ...row, latencyMeanMs: 0, latencyP50Ms: 0, latencyP99Ms: 0, ...own };
}

export function service(own: Partial<ServiceRow> = {}): ServiceRow {
  const row = { name: 'movies.Search', pool: 'ranking', addresses: [], inFlight: 0, maxConcurrency: 0 };
  return { ...row, methods: [method()], ...own };
}

/** A healthy process with one of everything. */
export function answers(own: Partial<AdminAnswers> = {}): AdminAnswers {
  const startedAt = '2026-01-02T03:04:05.000Z';
  return {
    version: { heddle: '1.2.3', node: 'v26.0.0', pid: 4711, startedAt, uptimeMs: 8_000_000, state: 'serving', cpus: 8 },
    threads: { threads: [thread()] },
    pools: { pools: [pool()] },
    services: { services: [service()] },
    quarantine: { refused: [] },
    fibers: { threads: [{ thread: 'ranking-1', number: 3, answered: true, fibers: [], more: 0 }] },
    ...own,
  };
}

/** A look at `atMs` that saw all of these. */
export function looked(atMs: number, seen: Partial<AdminAnswers>): Poll {
  const answered = Object.entries(seen).map(([path, answer]) => [path, { answer, atMs }]);
  return { atMs, answers: Object.fromEntries(answered) as Poll['answers'], failures: {} };
}

export interface FakeAdmin {
  /** `http://127.0.0.1:40123`. */
  address: string;
  /** What it says now; `undefined` for a path: 503 with this error. */
  says: Partial<AdminAnswers>;
  /** It takes requests and does not answer. */
  silent: boolean;
  /** Requests so far. */
  asked: number;
  /** Of the most requests that were under way for one path. */
  mostAtOnce: number;
  server: Server;
}

export async function fakeAdmin(t: ExecutionContext, says: Partial<AdminAnswers>): Promise<FakeAdmin> {
  const underWay = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url?.slice(1).replace(/\?.*/, '') ?? '';
    admin.asked++;
    const count = (by: number): number => {
      const now = (underWay.get(path) ?? 0) + by;
      underWay.set(path, now);
      return now;
    };
    admin.mostAtOnce = Math.max(admin.mostAtOnce, count(1));
    response.on('close', () => count(-1));
    if (admin.silent) return;
    const answer = (admin.says as Record<string, object | undefined>)[path];
    response.statusCode = answer === undefined ? 503 : 200;
    response.end(JSON.stringify(answer ?? { error: 'main does not answer' }));
  });
  const admin: FakeAdmin = { address: '', says, silent: false, asked: 0, mostAtOnce: 0, server };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  admin.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return admin;
}
