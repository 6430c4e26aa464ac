// The configs of the soak's two processes. Module paths are relative to test/faults/services/.

export interface Ports {
  heddle: number;
  http: number;
  /** Listeners with tight bounds, for hostile peers; on the same IO threads as the others. */
  roughHeddle: number;
  roughHttp: number;
  admin: number;
  /** The backend's process. */
  far: number;
}

/** Threads of each pool. */
export const threadsOf = {
  io: 2,
  work: 2,
  side: 1,
  front: 2,
  guarded: 2,
  greedy: 1,
  frail: 1,
  trapped: 1,
} as const;
export type PoolName = keyof typeof threadsOf;

/** What one listener for hostile peers lets in. */
export const roughConnections = 60;

/** A request that no client bounds is over after this, ms. */
export const poolTimeoutMs = 8_000;
/** Soft limit of pool `greedy`, bytes. */
export const greedyBytes = 96 * 1_048_576;

export function serviceConfig(ports: Ports, logFile: string): string {
  const main = `["heddle://127.0.0.1:${ports.heddle}", "http://127.0.0.1:${ports.http}"]`;
  const bounds = `connectTimeout: 500ms, readTimeout: 500ms, writeTimeout: 1s, idleTimeout: 1s, frame: 64KiB, maxConnections: ${roughConnections}`;
  const rough = `[${main.slice(1, -1)}, { address: "heddle://127.0.0.1:${ports.roughHeddle}", ${bounds} }, { address: "http://127.0.0.1:${ports.roughHttp}", ${bounds} }]`;
  const timeout = `timeout: ${poolTimeoutMs}ms`;
  return `
log: { level: warn, file: ${logFile} }
guardian: { restarts: 1000, window: 60s }
admin: { address: "http://127.0.0.1:${ports.admin}" }
quarantine: { kills: 2, for: 5s }
io: { threads: ${threadsOf.io}, ${timeout} }
pools:
  work: { threads: ${threadsOf.work}, ${timeout}, memory: 128MiB }
  side: { threads: ${threadsOf.side}, ${timeout} }
  front: { threads: ${threadsOf.front}, ${timeout} }
  guarded: { threads: ${threadsOf.guarded}, ${timeout}, stallWarning: 200ms, stallLimit: 2s, cancelGrace: 200ms }
  greedy: { threads: ${threadsOf.greedy}, ${timeout}, memory: ${greedyBytes / 1_048_576}MiB }
  frail: { threads: ${threadsOf.frail}, ${timeout}, queue: 64, maxFibers: 64 }
  trapped: { threads: ${threadsOf.trapped}, ${timeout} }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ${rough} }
  faults.Side: { module: ./side.ts, pool: side, listen: ${main} }
  faults.Inline: { module: ./inline.ts, pool: io, listen: ${main} }
  faults.Guarded: { module: ./guarded.ts, pool: guarded, listen: ${main} }
  deaths.Work: { module: ../../soak/services/trapped.ts, pool: trapped, listen: ${main} }
  soak.Front: { module: ../../soak/services/front.ts, pool: front, listen: ${main} }
  soak.Greedy: { module: ../../soak/services/greedy.ts, pool: greedy, listen: ${main} }
  soak.Frail: { module: ../../soak/services/frail.ts, pool: frail, listen: ${main} }
  soak.Notes: { module: ../../soak/services/notes.ts, pool: side, listen: ${main} }
clients:
  soak.Far: { target: "heddle://127.0.0.1:${ports.far}", timeout: ${poolTimeoutMs}ms }
  soak.Near: { target: "heddle://127.0.0.1:${ports.far}", timeout: ${poolTimeoutMs}ms, via: caller }
`;
}

export function backendConfig(ports: Ports): string {
  return `
log: { level: silent }
admin: { address: none }
io: { threads: 1 }
pools: { far: { threads: 1 } }
services:
  soak.Far: { module: ../../soak/services/far.ts, pool: far, listen: ["heddle://127.0.0.1:${ports.far}"] }
  soak.Near: { module: ../../soak/services/near.ts, pool: io, listen: ["heddle://127.0.0.1:${ports.far}"] }
`;
}

/** Connections that the service's own fibers may hold to the backend: one for each thread that owns some. */
export const outgoingConnections = threadsOf.io + threadsOf.front;
