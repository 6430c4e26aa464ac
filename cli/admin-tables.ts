// What `heddle admin` prints for people: the admin's answers as tables and trees. Pure functions of the JSON.

import type {
  ConnectionsAnswer,
  FibersAnswer,
  LiftAnswer,
  PoolsAnswer,
  QuarantineAnswer,
  RunningRow,
  ServicesAnswer,
  ThreadsAnswer,
  VersionAnswer,
} from '../admin/shapes.ts';
import type { HotLine } from '../runtime/cpu-profile.ts';
import type { FiberRow } from '../runtime/thread-report.ts';

export function versionText({ heddle, node, pid, startedAt, uptimeMs, state, cpus, previous }: VersionAnswer): string {
  return lines(
    table([
      ['heddle', heddle],
      ['node', node],
      ['pid', String(pid)],
      ['state', state],
      ['up', `${age(uptimeMs)}, since ${startedAt}`],
      ['cpus', String(cpus)],
      ...(previous === undefined ? [] : [['previous', previousText(previous)]]),
    ]),
  );
}

/** `pid 4711, ended by SIGKILL after 12.0s; 1 death so far`. */
function previousText(previous: unknown): string {
  const { pid, signal, exitCode, upMs, ready, deaths } = (previous ?? {}) as Record<string, unknown>;
  const end = typeof signal === 'string' ? `by ${signal}` : `with exit code ${exitCode}`;
  const lasted = typeof upMs === 'number' ? ` after ${age(upMs)}` : '';
  const early = ready === false ? ', before it listened' : '';
  return `pid ${pid}, ended ${end}${lasted}${early}; ${deaths} ${deaths === 1 ? 'death' : 'deaths'} so far`;
}

export function threadsText({ threads }: ThreadsAnswer): string {
  const head = ['THREAD', 'NO', 'POOL', 'STATE', 'AGE', 'FIBERS', 'NESTED', 'ASKED', 'CONNS', 'MEMORY', 'ON ITS STACK'];
  const rows = threads.map((one) => [
    one.name,
    one.number === 0 ? '-' : String(one.number),
    one.pool || '-',
    one.parked && one.state === 'going' ? 'idle' : one.state,
    age(one.ageMs),
    ...[one.fibers, one.nested, one.asked, one.connections].map(String),
    one.memoryBytes === undefined ? '-' : `${Math.round(one.memoryBytes / 2 ** 20)}MiB`,
    one.running === undefined ? '' : runningText(one.running),
  ]);
  return lines(table([head, ...rows]));
}

export function poolsText({ pools }: PoolsAnswer): string {
  const head = ['POOL', 'THREADS', 'FIBERS', 'HIGH', 'NORMAL', 'LOW', 'NESTED', 'QUEUE', 'COUNTED'];
  const rows = pools.map((pool) => {
    const { name, threads, going, down, canaryPercent, queued, queueLength, fibers, maxFibers, counts } = pool;
    const canary = canaryPercent === undefined ? '' : ` canary ${canaryPercent} %`;
    const counted = Object.entries(counts).filter(([, count]) => count > 0);
    return [
      name,
      `${going}/${threads}${down ? ' DOWN' : ''}${canary}`,
      `${fibers}/${maxFibers}`,
      ...[queued.high, queued.normal, queued.low, queued.nested, queueLength].map(String),
      counted.map(([what, count]) => `${what} ${count}`).join(', '),
    ];
  });
  return lines(table([head, ...rows]));
}

export function servicesText({ services }: ServicesAnswer): string {
  const parts = services.map((service) => {
    const { name, pool, addresses, inFlight, maxConcurrency, adaptiveLimit, refused, methods } = service;
    const bounds = [adaptiveLimit ?? 0, maxConcurrency].filter((bound) => bound > 0);
    const bound =
      bounds.length === 0 ? '' : ` of ${Math.min(...bounds)}${adaptiveLimit === undefined ? '' : ' (adaptive)'}`;
    const shed = Object.entries(refused ?? {}).map(([reason, count]) => `${reason} ${count}`);
    const where = addresses.length === 0 ? 'listens nowhere' : addresses.join(', ');
    const head = ['METHOD', 'MEAN', 'P50', 'P99', 'FROM SOCKETS', 'FROM FIBERS'];
    const rows = methods.map((method) => [
      method.name,
      ...[method.latencyMeanMs, method.latencyP50Ms, method.latencyP99Ms].map(milliseconds),
      codes(method.fromSockets),
      codes(method.fromFibers),
    ]);
    return [
      `${name}  pool ${pool}, ${inFlight}${bound} under way, ${where}`,
      ...indent(shed.length === 0 ? [] : [`refused: ${shed.join(', ')}`]),
      ...indent(table([head, ...rows])),
    ].join('\n');
  });
  return `${parts.join('\n\n')}\n`;
}

export function connectionsText({ open, perThread }: ConnectionsAnswer): string {
  const head = ['THREAD', 'CONNECTION', 'PEER', 'LISTENER', 'AGE', ''];
  const rows = perThread.flatMap(({ thread, rows: own }) =>
    own.map(({ connection, peer, listener, ageMs, idle }) => {
      return [thread, String(connection), peer, listener, age(ageMs), idle ? 'idle' : 'busy'];
    }),
  );
  const left = perThread.flatMap(({ thread, connections, more, silent }) => {
    if (silent) return [`${thread} did not answer; it has ${connections}`];
    return more > 0 ? [`${thread} has ${more} more`] : [];
  });
  return lines([...(rows.length === 0 ? [] : [...table([head, ...rows]), '']), `${open} open`, ...left]);
}

export function fibersText({ threads }: FibersAnswer): string {
  const parts = threads.map(({ thread, answered, running, fibers, more }) => {
    const doing = running === undefined ? '' : `, runs ${runningText(running)}`;
    const state = answered
      ? `${fibers.length + more === 0 ? 'nothing runs' : ''}`
      : `did not answer within 100 ms${doing}`;
    const rest = more > 0 ? [`  and ${more} more`] : [];
    return [
      `${thread}${state === '' ? '' : `  ${state}`}`,
      ...fibers.flatMap((fiber) => tree(fiber, '  ')),
      ...rest,
    ].join('\n');
  });
  return `${parts.join('\n')}\n`;
}

export function liftText({ lifted, refused }: LiftAnswer): string {
  const what = lifted.map(({ fingerprint, method, kills }) => `lifted ${fingerprint}  ${method}, ${kills} kills`);
  return `${lines(what.length === 0 ? ['nothing was to lift'] : what)}${quarantineText({ refused })}`;
}

export function quarantineText({ refused }: QuarantineAnswer): string {
  if (refused.length === 0) return 'no request is refused\n';
  const head = ['FINGERPRINT', 'METHOD', 'KILLS', 'UNTIL'];
  const rows = refused.map(({ fingerprint, method, kills, until }) => [fingerprint, method, String(kills), until]);
  return lines(table([head, ...rows]));
}

export function hotLinesText(thread: string, hottest: readonly HotLine[]): string {
  if (hottest.length === 0) return `${thread} was idle\n`;
  const rows = hottest.map((line) => [`${(line.share * 100).toFixed(1)}%`, line.function || '(top level)', line.at]);
  return lines(table([['SHARE', 'FUNCTION', 'LINE'], ...rows]));
}

function tree(
  { id, name, state, on, stateMs, ageMs, leftMs, cancelled, children }: FiberRow,
  margin: string,
): string[] {
  const parts = [
    `${state}${on === undefined ? '' : ` on ${on}`} for ${age(stateMs)}`,
    ...(ageMs === undefined ? [] : [`age ${age(ageMs)}`]),
    ...(leftMs === undefined ? [] : [leftMs < 0 ? `${age(-leftMs)} over its deadline` : `${age(leftMs)} left`]),
    ...(cancelled ? ['cancelled'] : []),
  ];
  return [`${margin}${name} #${id}  ${parts.join(', ')}`, ...children.flatMap((child) => tree(child, `${margin}  `))];
}

function runningText({ method, fiber, fingerprint, forMs }: RunningRow): string {
  return `${method} #${fiber} for ${age(forMs)} (${fingerprint})`;
}

function codes(counts: Record<string, number>): string {
  const parts = Object.entries(counts).map(([code, count]) => `${code} ${count}`);
  return parts.length === 0 ? '-' : parts.join(', ');
}

/** `850ms`, `12.4s`, `3m 20s`, `5h 12m`, `8d 3h`. */
export function age(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h ${Math.floor((seconds % 3_600) / 60)}m`;
  return `${Math.floor(seconds / 86_400)}d ${Math.floor((seconds % 86_400) / 3_600)}h`;
}

function milliseconds(ms: number): string {
  return ms === 0 ? '-' : `${ms < 10 ? Number(ms.toFixed(2)) : Math.round(ms)}ms`;
}

/** Columns as wide as their widest cell. */
export function table(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

function indent(texts: readonly string[]): string[] {
  return texts.map((text) => `  ${text}`);
}

/** With a newline at the end. */
export function lines(texts: readonly string[]): string {
  return `${texts.join('\n')}\n`;
}
