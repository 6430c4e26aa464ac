// The admin's own paths, each as a command (admin thread). What only reads is answered from here; what needs main goes
// through the MainAsker.

import type { CpuProfile } from '../runtime/cpu-profile.ts';
import { hottestLines } from '../runtime/cpu-profile.ts';
import { HeddleError } from '../runtime/errors.ts';
import { isLogLevel, logLevels } from '../runtime/settings.ts';
import { board as boardWord } from '../runtime/shared/layout.ts';
import type { FiberRow } from '../runtime/thread-report.ts';
import { type AdminAsk, type AdminCommands, AdminReply } from './commands.ts';
import { addHandlerMetricCommands } from './handler-metrics.ts';
import { profileMain, profileSelf } from './inspect.ts';
import { addJobCommands } from './jobs.ts';
import type { MainAsker } from './main-asker.ts';
import type { AdminThreadData, ThreadFacts } from './messages.ts';
import type { Metrics } from './metrics.ts';
import type { ProcessView } from './process-view.ts';
import { addReloadCommands } from './reload.ts';
import type {
  ConnectionsAnswer,
  FibersAnswer,
  FiberThread,
  PoolsAnswer,
  ProfileSummary,
  QuarantineAnswer,
  ServicesAnswer,
  ThreadsAnswer,
} from './shapes.ts';
import { addStrategyCommands } from './strategies.ts';
import type { ThreadAsker } from './thread-asker.ts';

/** Bounds of a profile, ms. */
const profileMs = { default: 1_000, min: 10, max: 60_000 } as const;
/** What a thread may need to begin and to hand over its profile, ms. */
const profileGraceMs = 5_000;
const summaryLines = 20;
/** Fibers in one answer, of all threads; the rest is counted. */
const fibersMax = 10_000;

export interface BuiltIns {
  data: AdminThreadData;
  view: ProcessView;
  threads: ThreadAsker;
  main: MainAsker;
  metrics: Metrics;
}

export function addBuiltIns(commands: AdminCommands, parts: BuiltIns): void {
  const { view, metrics, main, data } = parts;
  const get = (path: string, summary: string, run: (ask: AdminAsk) => unknown): void =>
    commands.add({ path, verb: 'GET', summary, run });
  const post = (path: string, summary: string, run: (ask: AdminAsk) => unknown): void =>
    commands.add({ path, verb: 'POST', summary, run });

  get('/version', 'Versions, process id, uptime, and whether it serves or drains.', () => view.version());
  get(
    '/threads',
    'Each thread: state, load, and what is on its stack now.',
    (): ThreadsAnswer => ({ threads: view.threads() }),
  );
  get(
    '/pools',
    'Each pool: threads, queues, fibers, and what its threads died of.',
    (): PoolsAnswer => ({ pools: view.pools() }),
  );
  get(
    '/services',
    'Each service: where it listens, and its methods with their answers and latencies.',
    (): ServicesAnswer => {
      return { services: view.services() };
    },
  );
  get('/connections', 'Open connections by IO thread: peer, listener, age.', () => connections(parts));
  get(
    '/fibers',
    'Running requests as trees of fibers: state, age, what they wait for (?thread= for one thread).',
    ({ query }) => fibers(parts, query.get('thread')),
  );
  get(
    '/config',
    'The settings in force, in ms and bytes (?explain: those of the start as text, with where each comes from).',
    ({ query }) => {
      if (!query.has('explain')) return data.settings;
      if (data.configText !== undefined) return data.configText;
      throw new HeddleError(
        'NOT_FOUND',
        'this process was not started from a config file, so there is nothing to explain',
      );
    },
  );
  get('/loglevel', 'The levels of the log.', () => view.facts.logLevels);
  post(
    '/loglevel',
    'Sets the level of the log, or of one component: {"level":"debug","component":"acceptor"}; null takes it back.',
    ({ body }) => {
      const { level, component } = fields(body, ['level', 'component'], 'level');
      const takesBack = component !== undefined && (body as { level?: unknown }).level === null;
      if (!takesBack && (level === undefined || !isLogLevel(level))) {
        const what = `"level" must be one of ${logLevels.join(', ')}, as {"level":"debug"}, or null for a component`;
        throw new HeddleError('INVALID_ARGUMENT', what);
      }
      return main.ask({ do: 'log-level', level, component });
    },
  );
  get('/quarantine', 'Requests that have ended threads and are refused.', (): QuarantineAnswer => {
    return { refused: view.facts.quarantine };
  });
  post('/quarantine/lift', 'Serves them again: {"fingerprint":"9f86d081"}, or {"all":true}.', ({ body }) => {
    const { fingerprint } = fields(body, ['fingerprint', 'all'], 'all');
    const all = (body as { all?: unknown } | undefined)?.all === true;
    if ((fingerprint === undefined) === !all) {
      throw new HeddleError('INVALID_ARGUMENT', 'say which one, as {"fingerprint":"9f86d081"}, or {"all":true}');
    }
    return main.ask({ do: 'lift', fingerprint });
  });
  post('/drain', 'Finishes what runs, then ends the process, as SIGTERM does.', async () => {
    return new AdminReply(await main.ask({ do: 'drain' }), { status: 202 });
  });
  get(
    '/profile',
    'A CPU profile of ?thread=ranking-1 over ?ms=1000, as .cpuprofile (?summary: its hottest lines).',
    ({ query }) => profile(parts, query),
  );
  addReloadCommands(commands, main);
  addJobCommands(commands, view, main);
  addStrategyCommands(commands, main);
  get('/metrics', 'Everything that is counted, for Prometheus.', async () => {
    return new AdminReply(await metrics.text(), { contentType: metrics.contentType });
  });
  addHandlerMetricCommands(commands, view.handlerMetrics);
}

async function connections({ view, threads }: BuiltIns): Promise<ConnectionsAnswer> {
  const io = view.facts.threads.filter(({ pool }) => pool === 'io');
  const answers = await threads.ask(
    io.map(({ number }) => number),
    'connections',
  );
  const perThread = io.map(({ name, number }) => {
    const answer = answers.get(number);
    return {
      thread: name,
      connections: view.board.gauge(number, boardWord.connections),
      rows: answer?.connections ?? [],
      more: answer?.more ?? 0,
      silent: answer === undefined,
    };
  });
  return { open: perThread.reduce((sum, one) => sum + one.connections, 0), perThread };
}

async function fibers({ view, threads }: BuiltIns, only: string | null): Promise<FibersAnswer> {
  const asked = view.facts.threads.filter(({ name }) => only === null || name === only);
  if (only !== null && asked.length === 0) throw noFibers(only, view.facts.threads);
  const answers = await threads.ask(
    asked.map(({ number }) => number),
    'fibers',
  );
  let left = fibersMax;
  const rows = asked.map(({ name, number }): FiberThread => {
    const answer = answers.get(number);
    const running = view.running(number);
    const kept: FiberRow[] = [];
    let more = answer?.more ?? 0;
    for (const fiber of answer?.fibers ?? []) {
      const count = treeSize(fiber);
      if (count > left) more += count;
      else kept.push(fiber);
      left = Math.max(0, left - count);
    }
    return { thread: name, number, answered: answer !== undefined, ...(running && { running }), fibers: kept, more };
  });
  return { threads: rows };
}

function treeSize({ children }: FiberRow): number {
  return children.reduce((sum, child) => sum + treeSize(child), 1);
}

async function profile({ view, main }: BuiltIns, query: URLSearchParams): Promise<unknown> {
  const thread = query.get('thread');
  const names = ['main', 'admin', ...view.facts.threads.map(({ name }) => name)];
  if (thread === null) throw new HeddleError('INVALID_ARGUMENT', `say which thread, as ?thread=${names.at(-1)}`);
  if (!names.includes(thread)) throw noThread(thread, view.facts.threads);
  const durationMs = Number(query.get('ms') ?? profileMs.default);
  if (!Number.isInteger(durationMs) || durationMs < profileMs.min || durationMs > profileMs.max) {
    const range = `a whole number from ${profileMs.min} to ${profileMs.max}`;
    throw new HeddleError('INVALID_ARGUMENT', `"ms" must be ${range}, not ${JSON.stringify(query.get('ms'))}`);
  }
  const text = await take(main, thread, durationMs);
  if (query.has('summary')) {
    const lines = hottestLines(JSON.parse(text) as CpuProfile, summaryLines);
    return { thread, ms: durationMs, lines } satisfies ProfileSummary;
  }
  return new AdminReply(text, { contentType: 'application/json', fileName: `${thread}.cpuprofile` });
}

async function take(main: MainAsker, thread: string, durationMs: number): Promise<string> {
  if (thread === 'main') return JSON.stringify(await profileMain(durationMs));
  if (thread === 'admin') return JSON.stringify(await profileSelf(durationMs));
  return (await main.ask({ do: 'profile', thread, durationMs }, durationMs + profileGraceMs)) as string;
}

function noFibers(name: string, threads: readonly ThreadFacts[]): HeddleError {
  const names = threads.map((thread) => thread.name).join(', ');
  const isOther = name === 'main' || name === 'admin';
  const what = isOther ? 'main and admin run no fibers' : `there is no thread ${JSON.stringify(name)}`;
  return new HeddleError('NOT_FOUND', `${what}; there are ${names}`);
}

function noThread(name: string, threads: readonly ThreadFacts[]): HeddleError {
  const names = threads.map((thread) => thread.name).join(', ');
  return new HeddleError('NOT_FOUND', `there is no thread ${JSON.stringify(name)}; there are main, admin, ${names}`);
}

/** The fields of a body that are text, as all but `free` must be; the first mistake is told. */
function fields<Name extends string>(body: unknown, names: readonly Name[], free: Name): Partial<Record<Name, string>> {
  if (body === undefined) return {};
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new HeddleError('INVALID_ARGUMENT', 'the body must be a JSON object');
  }
  const read: Partial<Record<Name, string>> = {};
  for (const [key, value] of Object.entries(body)) {
    const name = names.find((one) => one === key);
    if (name === undefined) {
      throw new HeddleError('INVALID_ARGUMENT', `unknown field ${JSON.stringify(key)}; there are ${names.join(', ')}`);
    }
    if (typeof value === 'string') read[name] = value;
    else if (name !== free) throw new HeddleError('INVALID_ARGUMENT', `${JSON.stringify(name)} must be text`);
  }
  return read;
}
