// Mutants of turns, park words, bells, replies and the routing table: found with whole threads.

import type { Mutant } from './mutant.ts';

const endpointFile = 'runtime/thread-endpoint.ts';
const answererFile = 'runtime/shared/answerer.ts';
const queueFile = 'runtime/shared/run-queue.ts';
const world = 'endpoint';

export const endpointMutants: readonly Mutant[] = [
  {
    name: 'no-look-after-death',
    flaw: 'F3',
    what: 'nobody looks again after a death: a bell that the dead thread owed is never made good',
    breaks: ['waits behind a busy thread', 'is never answered'],
    world,
    edits: [
      {
        file: endpointFile,
        find: "this.tell({ type: 'settled', number });\n    this.wake();",
        replace: "this.tell({ type: 'settled', number });",
      },
    ],
  },
  {
    name: 'ring-spent-on-dead',
    flaw: 'F3',
    what: 'who has rung a dead thread does not ring another: the request waits beside one that sleeps',
    breaks: ['waits behind a busy thread', 'is never answered'],
    world,
    edits: [
      {
        file: endpointFile,
        find: 'after all others had looked again.\n      this.#ringFor(pool);',
        replace: 'after all others had looked again.',
      },
    ],
  },
  {
    name: 'ring-one',
    flaw: 'F4',
    what: 'the bell is not passed on: the second request of a batch waits behind the first',
    breaks: ['waits behind a busy thread'],
    world,
    edits: [
      {
        file: endpointFile,
        find: 'queue neither.\n    this.answerer.publishNow();\n    this.taker?.passBell();',
        replace: 'queue neither.\n    this.answerer.publishNow();',
      },
    ],
  },
  {
    name: 'no-clear',
    flaw: 'F4',
    what: 'the park word stays set on waking: a ring is spent on a thread that is busy',
    breaks: ['waits behind a busy thread'],
    world,
    edits: [
      {
        file: 'runtime/shared/board.ts',
        find: 'store(this.words, thread * boardRowWords + boardWord.park, looks ? looksBit : 0);',
        replace: '',
      },
    ],
  },
  {
    name: 'no-clear-by-own-event',
    flaw: 'F4',
    what: 'the park word stays set in a thread that its own event wakes',
    breaks: ['waits behind a busy thread'],
    world,
    edits: [
      {
        file: endpointFile,
        find: 'this.#parked = false;\n      this.#awake(looks);\n      this.wake();',
        replace: 'this.#parked = false;\n      this.wake();',
      },
    ],
  },
  {
    name: 'busy-thread-looks',
    flaw: 'F4',
    what: 'a thread that runs something long still counts as one that looks at its queue soon: nobody is rung',
    breaks: ['waits behind a busy thread'],
    world,
    edits: [
      {
        file: endpointFile,
        find: '} else if (looks !== this.#looks) this.#awake(looks);',
        replace: '} else if (looks && !this.#looks) this.#awake(looks);',
      },
    ],
  },
  {
    name: 'full-thread-looks',
    flaw: 'F4',
    what: 'a thread without room still counts as one that looks at its queue soon: nobody is rung for what it can not take',
    breaks: ['waits behind a busy thread'],
    world,
    edits: [
      {
        file: endpointFile,
        find: 'else if (this.#takesAll) this.#passIfBehind(nowMs);',
        replace: 'else if (true) return;',
      },
      { file: endpointFile, find: 'if (this.#looks && !this.#takesAll) this.#looksNoMore();', replace: '' },
      { file: endpointFile, find: 'this.#looks &&= regular && nested;', replace: '' },
    ],
  },
  {
    name: 'full-thread-rung',
    flaw: 'F4',
    what: 'a thread whose fibers are all in use parks for requests too: rings are spent on it',
    breaks: ['waits behind a busy thread'],
    world,
    edits: [
      {
        file: endpointFile,
        find: 'const requests = (regular ? wants.requests : 0) | (nested ? wants.nested : 0);',
        replace: 'const requests = wants.requests | wants.nested;',
      },
      {
        file: endpointFile,
        find: 'if (!regular || !nested) this.taker?.passBell();',
        replace: '',
      },
    ],
  },
  {
    name: 'full-thread-keeps-ring',
    flaw: 'F4',
    what: 'a thread that became full keeps the ring that was meant for its next request',
    breaks: ['waits behind a busy thread'],
    world,
    edits: [{ file: endpointFile, find: 'if (!regular || !nested) this.taker?.passBell();', replace: '' }],
  },
  {
    name: 'look-stops-at-writing',
    flaw: 'F4',
    what: 'the look before parking stops at a slot that is being written: what is ready behind it is not seen',
    breaks: ['waits behind a busy thread'],
    world,
    edits: [
      {
        file: queueFile,
        find: 'if (ahead < 0 || phase === phases.free) return false;\n      if (phase === phases.ready) return true;',
        replace: 'return ahead === 0 && phase === phases.ready;',
      },
    ],
  },
  {
    name: 'late-side-message',
    flaw: 'F5',
    what: 'a large reply is posted after its marker is published: the asker finds no message, or another’s',
    breaks: ['side port of thread'],
    world,
    edits: [
      {
        file: answererFile,
        find: 'side = link.postSide(bytes);',
        replace: '(link as unknown as { late: Buffer }).late = bytes;\n      side = ++sides;',
      },
      {
        file: answererFile,
        find: 'link.writer.publish();',
        replace:
          'link.writer.publish();\n      const { late } = link as unknown as { late?: Buffer };\n      if (late !== undefined) link.postSide(late as Buffer<ArrayBuffer>);\n      delete (link as unknown as { late?: Buffer }).late;',
      },
      {
        file: answererFile,
        find: 'export class Answerer {',
        replace: 'let sides = 0;\n\nexport class Answerer {',
      },
    ],
  },
  {
    name: 'stale-keeps-side-message',
    flaw: 'F5',
    what: 'the large message of a reply that nobody wants stays in the port: the next one gets it',
    breaks: ['side port of thread'],
    world,
    edits: [
      {
        file: 'runtime/shared/asker.ts',
        find: 'reply.source = side === 0 ? reader.bytes : link.takeSide(side);\n',
        replace: '',
      },
      {
        file: 'runtime/shared/asker.ts',
        find: 'const kind = words[at + ringFrame.kind]!;',
        replace:
          'reply.source = side === 0 ? reader.bytes : link.takeSide(side);\n      const kind = words[at + ringFrame.kind]!;',
      },
    ],
  },
  {
    name: 'held-for-the-dead',
    flaw: 'F6',
    what: 'replies to a thread that died are held back for ever',
    breaks: ['replies at rest', 'waits behind other work'],
    world,
    edits: [
      {
        file: endpointFile,
        find: 'this.answerer.forget(link);\n',
        replace: '\n',
      },
    ],
  },
  {
    name: 'writer-not-rung',
    flaw: 'F6',
    what: 'a reader that has made room does not say so: replies are held back for ever',
    breaks: ['waits behind other work', 'replies at rest', 'is never answered'],
    world,
    edits: [
      {
        file: 'runtime/shared/asker.ts',
        find: 'if (reader.release() && this.#board.takeBell(link.peer, wants.completions)) link.ring();',
        replace: 'reader.release();',
      },
    ],
  },
  {
    name: 'window-of-one',
    flaw: 'F7',
    what: 'takers look at the head alone: what is ready behind a slow putter waits for it',
    breaks: ['waits behind a busy thread'],
    world,
    edits: [{ file: queueFile, find: 'export const takeWindow = 8;', replace: 'export const takeWindow = 1;' }],
  },
  {
    name: 'condemned-keeps-callers',
    flaw: 'F8',
    what: 'who waits for a condemned thread is told when it has stopped, however long that takes',
    breaks: ['has not been told'],
    world,
    edits: [{ file: endpointFile, find: 'this.asker.condemn(message.number);', replace: '' }],
  },
  {
    name: 'gathered-for-ever',
    flaw: 'F11',
    what: 'replies that waited for quick handlers are not published after them',
    breaks: ['waits behind other work', 'is never answered'],
    world,
    edits: [
      {
        file: endpointFile,
        find: 'left(nowMs: number): void {\n    this.answerer.publishNow();',
        replace: 'left(nowMs: number): void {',
      },
    ],
  },
  {
    name: 'gathered-behind-long',
    flaw: 'F11',
    what: 'replies gathered during quick handlers wait for the long one after them',
    breaks: ['waits behind other work'],
    world,
    edits: [
      {
        file: answererFile,
        find: 'this.#gathers = false;\n    this.flush();',
        replace: 'if (!this.#gathers) this.flush();\n    this.#gathers = false;',
      },
    ],
  },
  {
    name: 'rescued-twice',
    flaw: 'F11',
    what: 'after what a condemned thread had written the ring is read again from its published tail',
    breaks: ['got the reply of request', 'is answered again', 'is never answered'],
    world,
    edits: [
      {
        file: 'runtime/shared/completion-ring.ts',
        find: 'if (((tail - this.#head) | 0) <= 0) return -1;',
        replace: 'if (tail === this.#head) return -1;',
      },
    ],
  },
  {
    name: 'answers-wait',
    flaw: 'F11',
    what: 'what is answered waits until the next handler ends',
    breaks: ['waits behind other work'],
    world,
    edits: [
      {
        file: endpointFile,
        find: 'queue neither.\n    this.answerer.publishNow();',
        replace: 'queue neither.',
      },
    ],
  },
  {
    name: 'unknown-asker',
    flaw: 'F12',
    what: 'the request of a new thread is thrown away by one that has not read of it yet',
    breaks: ['is never answered'],
    world,
    edits: [
      {
        file: 'runtime/shared/taker.ts',
        find: '&& !this.#board.isGone(asker)) this.#onUnknownAsker();',
        replace: '&& this.#board.isGone(asker)) this.#onUnknownAsker();',
      },
    ],
  },
  {
    name: 'nested-not-wanted',
    flaw: 'F13',
    what: 'a full thread does not wait for nested calls: its own fibers wait for ever',
    breaks: ['waits behind a busy thread', 'is never answered'],
    world,
    edits: [
      {
        file: endpointFile,
        find: '(regular ? wants.requests : 0) | (nested ? wants.nested : 0);',
        replace: 'regular ? wants.requests | wants.nested : 0;',
      },
      {
        file: endpointFile,
        find: 'this.taker?.hasWork(regular, nested) === true ||',
        replace: 'this.taker?.hasWork(regular, regular) === true ||',
      },
    ],
  },
  {
    name: 'no-second-look',
    flaw: 'all',
    what: 'a thread parks without looking at its queues again',
    breaks: ['waits behind a busy thread', 'is never answered'],
    world,
    edits: [{ file: endpointFile, find: 'this.taker?.hasWork(regular, nested) === true ||', replace: 'false ||' }],
  },
  {
    name: 'no-second-look-at-replies',
    flaw: 'all',
    what: 'a thread parks without looking at its rings again',
    breaks: ['waits behind other work', 'is never answered'],
    world,
    edits: [{ file: endpointFile, find: 'this.asker.hasReplies ||', replace: 'false ||' }],
  },
  {
    name: 'no-second-look-at-room',
    what: 'a thread parks without looking whether room has come for what it holds back',
    breaks: ['waits behind other work', 'replies at rest', 'is never answered'],
    world,
    edits: [{ file: endpointFile, find: 'this.answerer.heldHasRoom ||', replace: 'false ||' }],
  },
  {
    name: 'no-ring-for-new-thread',
    what: 'a thread that is new in a pool is not rung for what lies there already',
    breaks: ['waits behind a busy thread', 'is never answered'],
    world,
    edits: [
      {
        file: endpointFile,
        find: 'pool.members.push(peer);\n    this.#ringFor(pool);',
        replace: 'pool.members.push(peer);',
      },
    ],
  },
  {
    name: 'table-not-used',
    what: 'a thread says that it uses the new routing table and goes on with the old one: its requests go where nobody takes',
    breaks: ['is never answered', 'are not free at rest'],
    world,
    edits: [{ file: endpointFile, find: 'if (this.#going) this.#useTable(message.table);', replace: '' }],
  },
  {
    name: 'leaves-before-turn',
    what: 'the old generation leaves before all askers have turned: a request stays in a queue that nobody takes from',
    breaks: ['is never answered', 'are not free at rest'],
    world,
    edits: [],
    forced: { leavesEarly: true, rolls: 1, reuse: true },
  },
];
