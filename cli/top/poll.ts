// poll: one look at a process: several paths of its admin at once.

import type {
  FibersAnswer,
  PoolsAnswer,
  QuarantineAnswer,
  ServicesAnswer,
  ThreadsAnswer,
  VersionAnswer,
} from '../../admin/shapes.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { AdminClient, AdminFailure } from './admin-client.ts';

export interface AdminAnswers {
  version: VersionAnswer;
  threads: ThreadsAnswer;
  pools: PoolsAnswer;
  services: ServicesAnswer;
  quarantine: QuarantineAnswer;
  fibers: FibersAnswer;
}

export type Path = keyof AdminAnswers;

/** What every look asks for. */
const everyLook: readonly Path[] = ['version', 'threads', 'pools', 'services', 'quarantine'];

export interface Answered<Answer> {
  answer: Answer;
  /** When it was here, ms of the clock. */
  atMs: number;
}

export interface Poll {
  atMs: number;
  answers: { [P in Path]?: Answered<AdminAnswers[P]> };
  failures: { [P in Path]?: AdminFailure };
}

/** What makes an answer the one of its path: another server may listen there. */
const listIn: Record<Path, string | undefined> = {
  version: undefined,
  threads: 'threads',
  pools: 'pools',
  services: 'services',
  quarantine: 'refused',
  fibers: 'threads',
};

/** `fiberThread`: whose fibers; without one there are none. Never rejects; takes as long as the slowest path. */
export async function poll(client: AdminClient, clock: Clock, fiberThread?: string): Promise<Poll> {
  const looked: Poll = { atMs: 0, answers: {}, failures: {} };
  const ask = async <P extends Path>(path: P, query = ''): Promise<void> => {
    const result = await client.get(`/${path}${query}`);
    if ('failure' in result) looked.failures[path] = result.failure;
    else if (isAnswerOf(path, result.answer)) put(looked.answers, path, { answer: result.answer, atMs: clock.nowMs() });
    else looked.failures[path] = { kind: 'not-heddle', what: `its answer to /${path} is not that of a Heddle admin` };
  };
  const asked = everyLook.map((path) => ask(path));
  // Of all threads they would be more than the admin tells at once.
  if (fiberThread !== undefined) asked.push(ask('fibers', `?thread=${encodeURIComponent(fiberThread)}`));
  await Promise.all(asked);
  looked.atMs = clock.nowMs();
  return looked;
}

function put<P extends Path>(answers: Poll['answers'], path: P, answered: Answered<AdminAnswers[P]>): void {
  (answers as { [Q in P]?: Answered<AdminAnswers[Q]> })[path] = answered;
}

function isAnswerOf<P extends Path>(path: P, answer: object): answer is AdminAnswers[P] {
  const list = listIn[path];
  const fields = answer as Record<string, unknown>;
  return list === undefined ? typeof fields.heddle === 'string' : Array.isArray(fields[list]);
}
