// The mutants of the shared memory: the mistakes that a model checker found in its design before it was built, each as a
// change of the shipped sources (or of the supervisor's order), with the world that shows it.

import type { Random } from '../../runtime/clock.ts';
import { type EndpointWorldOptions, endpointWorlds } from './endpoint-world.ts';
import { exploreRandomly, type RandomExploration, type World } from './explorer.ts';
import { type QueueWorldOptions, queueWorlds } from './queue-world.ts';
import { type Edit, loadStepping } from './steps.ts';

export interface Mutant {
  name: string;
  edits?: Edit[];
  /** Where it shows: threads without bells, or whole endpoints. */
  queue?: Omit<QueueWorldOptions, 'modules'>;
  endpoint?: Omit<EndpointWorldOptions, 'modules'>;
  /** What the explorer must say. */
  finds: RegExp;
  deathChance?: number;
}

const oneAsker = { capacity: 1, askers: 1, takers: 2, puts: 2 } as const;
const endpointFile = 'runtime/thread-endpoint.ts';

export const mutants: readonly Mutant[] = [
  {
    name: 'no walk: a death leaves its slots as they are',
    edits: [
      { file: 'runtime/shared/run-queue.ts', find: 'if ((state & 255) !== dead) continue;', replace: 'continue;' },
    ],
    queue: { ...oneAsker, deaths: 1 },
    finds: /never answered|slots are not free/,
  },
  {
    name: 'mark after free: for a moment neither slot nor table names the taker',
    edits: [
      {
        file: 'runtime/shared/taker.ts',
        find: 'const wanted = markTaken(link.table, request, generation, this.#me);\n      if (wanted) this.#copyOut',
        replace: 'this.#copyOut',
      },
      {
        file: 'runtime/shared/taker.ts',
        find: 'queue.release(at);\n      if (wanted) return',
        replace: 'queue.release(at);\n      if (markTaken(link.table, request, generation, this.#me)) return',
      },
    ],
    queue: { ...oneAsker, deaths: 1 },
    finds: /never answered/,
    deathChance: 0.02,
  },
  {
    name: 'plain mark: a late mark overwrites the word of the next request',
    edits: [
      {
        file: 'runtime/shared/request-table.ts',
        find: 'return swapIf(words, id, pack(generation, requestStates.queued, 0), pack(generation, requestStates.taken, me));',
        replace: 'store(words, id, pack(generation, requestStates.taken, me));\n  return true;',
      },
    ],
    queue: { ...oneAsker, entries: 1, cancels: 1, deaths: 1 },
    finds: /never answered|got the reply|leaks|before|twice/,
    deathChance: 0.02,
  },
  {
    name: 'early settle: the supervisor settles when the end is decided, not when the thread has stopped',
    queue: { ...oneAsker, deaths: 1, settlesEarly: true },
    // Whose slot the early settlement has moved first decides which law is seen broken.
    finds: /which lives|moves a slot|never answered|run though|slots are not free/,
    deathChance: 0.02,
  },
  {
    name: 'no acknowledgement: a number is used again before all askers have settled the death',
    queue: { ...oneAsker, takers: 1, deaths: 1, reuse: true, waitsForNobody: true },
    finds: /run though|never answered|again/,
    deathChance: 0.02,
  },
  {
    name: 'cancel without a new generation: a late reply or mark fits the next request of the word',
    edits: [
      {
        file: 'runtime/shared/request-table.ts',
        find: 'const generation = (this.generation(id) + 1) & generationMask;\n    // An',
        replace: 'const generation = this.generation(id);\n    // An',
      },
    ],
    queue: { ...oneAsker, entries: 1, puts: 3, cancels: 2 },
    finds: /got the reply|before|twice|again/,
  },
  {
    name: 'few generations and ids used last first: a generation comes round while an old slot is queued',
    edits: [
      { file: 'runtime/shared/layout.ts', find: 'generationMask = (1 << 22) - 1', replace: 'generationMask = 1' },
      {
        file: 'runtime/shared/request-table.ts',
        find: 'this.#free[(this.#freeHead + this.#freeCount) & this.#mask] = id;',
        replace: 'this.#freeHead = (this.#freeHead - 1) & this.#mask;\n    this.#free[this.#freeHead] = id;',
      },
    ],
    queue: { capacity: 4, askers: 1, takers: 2, puts: 6, cancels: 5 },
    finds: /got the reply|before|twice|again/,
  },
  {
    name: "no bump of a dead asker's table: its replies reach its successor",
    edits: [
      {
        file: 'runtime/shared/request-table.ts',
        find: 'const generation = ((load(words, id) >>> generationShift) + 1) & generationMask;',
        replace: 'const generation = (load(words, id) >>> generationShift) & generationMask;',
      },
    ],
    queue: { capacity: 2, askers: 1, takers: 1, puts: 1, entries: 1, deaths: 1, mayDie: 'askers', reuse: true },
    finds: /got the reply|before|twice|stranger/,
    deathChance: 0.05,
  },
  {
    name: 'no second look: a thread parks without looking again',
    edits: [
      {
        file: endpointFile,
        find: 'this.taker?.hasWork(regular, nested) === true ||',
        replace: 'false ||',
      },
    ],
    endpoint: { capacity: 1, takers: 1, batches: [[1]] },
    finds: /never answered/,
  },
  {
    name: 'no second look at replies',
    edits: [{ file: endpointFile, find: 'this.asker.hasReplies ||', replace: 'false ||' }],
    endpoint: { capacity: 1, takers: 1, batches: [[1]] },
    finds: /never answered/,
  },
  {
    name: 'ring one without passing the bell on: the second request of a batch waits behind the first',
    edits: [
      {
        file: endpointFile,
        find: 'this.answerer.flush();\n    this.taker?.passBell();',
        replace: 'this.answerer.flush();',
      },
    ],
    endpoint: { capacity: 2, takers: 2, batches: [[2]], long: true },
    finds: /waits behind a busy thread/,
  },
  {
    name: 'park word left set on waking: a ring is spent on a thread that is busy',
    edits: [
      {
        file: 'runtime/shared/board.ts',
        find: 'store(this.words, thread * boardRowWords + boardWord.park, 0);',
        replace: '',
      },
    ],
    endpoint: { capacity: 2, takers: 2, batches: [[2]], long: true },
    finds: /waits behind a busy thread/,
  },
  {
    name: 'park word left set by a thread that its own event wakes',
    edits: [
      {
        file: endpointFile,
        find: 'this.#parked = false;\n      this.board.unpark(this.number);\n      this.wake();',
        replace: 'this.#parked = false;\n      this.wake();',
      },
    ],
    endpoint: { capacity: 1, takers: 2, batches: [[1]], long: true, ownEvents: 1 },
    finds: /waits behind a busy thread/,
  },
  {
    name: 'no look after a death: a bell that the dead thread owed is never made good',
    edits: [
      {
        file: endpointFile,
        find: "this.tell({ type: 'settled', number });\n    this.wake();",
        replace: "this.tell({ type: 'settled', number });",
      },
    ],
    endpoint: { capacity: 1, takers: 1, batches: [[1], [1]], deaths: 1, mayDie: 'askers' },
    finds: /never answered|not free/,
    deathChance: 0.02,
  },
];

/** Random schedules on a mutant, or on the shipped sources in the same world when `asShipped`. */
export async function hunt(
  mutant: Mutant,
  random: Random,
  steps: number,
  asShipped = false,
): Promise<RandomExploration> {
  const modules = await loadStepping(asShipped ? [] : mutant.edits);
  const { settlesEarly: _early, waitsForNobody: _nobody, ...honest } = mutant.queue ?? { ...oneAsker };
  let worlds: () => World;
  if (mutant.endpoint !== undefined) worlds = endpointWorlds({ modules, ...mutant.endpoint });
  else worlds = queueWorlds({ modules, ...(asShipped ? honest : mutant.queue!) });
  const { deathChance } = mutant;
  return exploreRandomly(worlds, random, deathChance === undefined ? { steps } : { steps, deathChance });
}
