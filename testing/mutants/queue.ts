// Mutants of the run queue, the request table, the arena and the supervisor's order, found without bells.

import type { Mutant } from './mutant.ts';

const queueFile = 'runtime/shared/run-queue.ts';
const tableFile = 'runtime/shared/request-table.ts';
const takerFile = 'runtime/shared/taker.ts';
const arenaFile = 'runtime/shared/arena.ts';
const world = 'queue';

export const queueMutants: readonly Mutant[] = [
  {
    name: 'wide-laps',
    flaw: 'F1',
    what: 'laps of the wrong width: once positions pass 2^32 a queue is full for ever, or a put never ends',
    breaks: ['does not end', 'is full with', 'goes on for ever', 'is never answered'],
    world,
    edits: [{ file: queueFile, find: 'Math.min(lapBitsMax, 32 - this.#shift)', replace: 'lapBitsMax' }],
  },
  {
    name: 'no-sign',
    flaw: 'F1',
    what: 'laps are compared without their sign: after the last lap comes none',
    breaks: ['is never answered', 'goes on for ever', 'does not end', 'is full with'],
    world,
    edits: [
      {
        file: queueFile,
        find: `const ahead = ((state >>> lapShift) - lap) << this.#lapSignShift;
      if (ahead < 0) {`,
        replace: `const ahead = (state >>> lapShift) - lap;
      if (ahead < 0) {`,
      },
    ],
  },
  {
    name: 'plain-mark',
    flaw: 'F2',
    what: 'the mark is a plain store: a late one overwrites the word of the next request',
    breaks: ['got the reply of request', 'is run twice', 'is never answered'],
    world,
    edits: [
      {
        file: tableFile,
        find: 'return swapIf(words, id, pack(generation, requestStates.queued, 0), pack(generation, requestStates.taken, me));',
        replace: 'store(words, id, pack(generation, requestStates.taken, me));\n  return true;',
      },
    ],
  },
  {
    name: 'cancel-keeps-generation',
    flaw: 'F2',
    what: 'a request closes without a new generation: a late reply or mark fits the next one of its word',
    breaks: ['got the reply of request', 'is run though it was answered before'],
    world,
    edits: [
      {
        file: tableFile,
        find: 'const generation = (this.generation(id) + 1) & generationMask;\n    // An',
        replace: 'const generation = this.generation(id);\n    // An',
      },
    ],
  },
  {
    name: 'arena-no-generation',
    flaw: 'F5',
    what: 'a block is freed whatever its generation: a late report of a death frees the body of another request',
    breaks: ['which a request needs', 'got the reply of request'],
    world,
    edits: [
      {
        file: arenaFile,
        find: 'swapIf(words, block, busy, busy & ~1);',
        replace: 'store(words, block, (load(words, block) | busy) & ~1);',
      },
    ],
  },
  {
    name: 'slot-before-block',
    flaw: 'F5',
    what: 'the taker frees the slot before the block: when it dies in between the block leaks',
    breaks: ['a block of'],
    world,
    edits: [
      {
        file: takerFile,
        find: 'if (block >= 0) link.arena.free(block, words[at + slot.blockGeneration]!);\n      queue.release(at);',
        replace:
          'const lease = words[at + slot.blockGeneration]!;\n      queue.release(at);\n      if (block >= 0) link.arena.free(block, lease);',
      },
    ],
  },
  {
    name: 'lost-block-kept',
    flaw: 'F5',
    what: 'the asker does not free the block of a slot that a dead taker held: it leaks',
    breaks: ['a block of'],
    world,
    edits: [
      {
        file: 'runtime/shared/asker.ts',
        find: 'if (one.block >= 0) this.arena.free(one.block, one.blockGeneration);',
        replace: '',
      },
    ],
  },
  {
    name: 'free-before-copy',
    what: 'the slot is freed before its record is copied out: the copy is of the next request',
    breaks: ['got the reply of request', 'that nobody wrote', 'is run twice'],
    world,
    edits: [
      {
        file: takerFile,
        find: 'if (wanted) this.#copyOut(pool, at, link, asker, request, generation);',
        replace:
          'if (wanted && block < 0) queue.release(at);\n      if (wanted) this.#copyOut(pool, at, link, asker, request, generation);',
      },
      {
        file: takerFile,
        find: 'words[at + slot.blockGeneration]!);\n      queue.release(at);',
        replace: 'words[at + slot.blockGeneration]!);\n      if (!wanted || block >= 0) queue.release(at);',
      },
    ],
  },
  {
    name: 'no-bump',
    flaw: 'F6',
    what: "a dead asker's table is not moved on: its replies reach its successor",
    breaks: ['got the reply of request', 'is run though it was answered before'],
    world,
    edits: [
      {
        file: tableFile,
        find: 'const generation = ((load(words, id) >>> generationShift) + 1) & generationMask;',
        replace: 'const generation = (load(words, id) >>> generationShift) & generationMask;',
      },
    ],
  },
  {
    name: 'fresh-table',
    flaw: 'F6',
    what: "a new owner of a number begins with generations of its own: a slot that names the dead one fits its successor's",
    breaks: ['got the reply of request'],
    world,
    edits: [
      {
        file: tableFile,
        find: 'this.#mask = entries - 1;',
        replace: 'this.#mask = entries - 1;\n    this.#words.fill(0);',
      },
    ],
  },
  {
    name: 'early-settle',
    flaw: 'F8',
    what: 'the supervisor settles when the end is decided, not when the thread has stopped',
    breaks: [
      'moves a slot of thread',
      'are not free at rest',
      'is never answered',
      'in flight at rest',
      'got the reply of request',
    ],
    world,
    edits: [],
    forced: { settlesEarly: true },
  },
  {
    name: 'no-ack',
    flaw: 'F9',
    what: 'a number is used again before all askers have settled the death',
    breaks: ['is never answered', 'is run though it was answered before'],
    world,
    edits: [],
    forced: { waitsForNobody: true, reuse: true },
  },
  {
    name: 'few-generations',
    flaw: 'F10',
    what: 'few generations, and ids used last first: one comes round while an old slot is queued',
    breaks: ['got the reply of request'],
    world,
    edits: [
      { file: 'runtime/shared/layout.ts', find: 'generationMask = (1 << 22) - 1', replace: 'generationMask = 1' },
      {
        file: tableFile,
        find: 'this.#free[(this.#freeHead + this.#freeCount) & this.#mask] = id;',
        replace: 'this.#freeHead = (this.#freeHead - 1) & this.#mask;\n    this.#free[this.#freeHead] = id;',
      },
    ],
  },
  {
    name: 'raw-size',
    flaw: 'F14',
    what: 'the size of a queue is told as the hints stand: less than nothing after a death in the middle of a put',
    breaks: ['lie in it'],
    world,
    edits: [{ file: queueFile, find: 'return Math.max(0, Math.min(this.capacity, size));', replace: 'return size;' }],
  },
  {
    name: 'no-walk',
    flaw: 'all',
    what: 'a death leaves its slots as they are',
    breaks: ['is never answered', 'are not free at rest'],
    world,
    edits: [{ file: queueFile, find: 'if ((state & 255) !== dead) continue;', replace: 'continue;' }],
  },
  {
    name: 'mark-after-free',
    flaw: 'all',
    what: 'for a moment neither slot nor table names the taker: when it dies then nobody answers',
    breaks: ['is never answered'],
    world,
    edits: [
      {
        file: takerFile,
        find: 'const wanted = markTaken(link.table, request, generation, this.#me);\n      if (wanted) this.#copyOut',
        replace: 'this.#copyOut',
      },
      {
        file: takerFile,
        find: 'queue.release(at);\n      if (wanted) return',
        replace: 'queue.release(at);\n      if (markTaken(link.table, request, generation, this.#me)) return',
      },
    ],
  },
  {
    name: 'past-free',
    what: 'the look for the earliest deadline goes on past a free slot: who came later goes first',
    breaks: ['that it saw free'],
    world,
    edits: [
      {
        file: queueFile,
        find: 'if (ahead < 0 || phase === phases.free) break;',
        replace: 'if (ahead < 0 || phase === phases.free) continue;',
      },
    ],
  },
  {
    name: 'take-without-lap',
    what: 'no lap in the taker’s swap: what it takes is not the request that it found to be the earliest',
    breaks: ['is due as early', 'behind the head'],
    world,
    edits: [
      {
        file: queueFile,
        find: 'if (swapIf(words, best, bestState, pack(bestState >>> lapShift, phases.reading, this.#me))) {',
        replace:
          'const now = load(words, best);\n      if (((now >>> phaseShift) & 3) !== phases.ready) continue;\n      if (swapIf(words, best, now, pack(now >>> lapShift, phases.reading, this.#me))) {',
      },
    ],
  },
  {
    name: 'no-window',
    what: 'the look has no bound: a request is passed by all that are due earlier',
    breaks: ['behind the head'],
    world,
    edits: [
      { file: queueFile, find: 'this.#window = Math.min(window, capacity);', replace: 'this.#window = capacity;' },
    ],
  },
  {
    name: 'last-of-equals',
    what: 'of equal deadlines the last one goes first',
    breaks: ['is due as early'],
    world,
    edits: [
      {
        file: queueFile,
        find: 'if (best >= 0 && !(deadlineMs < bestDeadlineMs - sameMs)) continue;',
        replace: 'if (best >= 0 && !(deadlineMs <= bestDeadlineMs)) continue;',
      },
    ],
  },
];
