// Ledger: what was asked of the simulated process, what ran for it and how it was answered, as seen from outside of the code
// under test. The load source, the clients and the handlers write it; each law that it keeps is looked at as it is written.

import type { Simulation } from '../simulation.ts';
import type { SimThread } from '../thread.ts';

export interface Asked {
  readonly id: number;
  /** `io-1`, `client 1`, `run 7 on a-2`. */
  readonly by: string;
  readonly thread: SimThread;
  readonly deadlineMs: number;
  /** Runs at most. */
  readonly runsMax: number;
  /** How it ended for who asked; undefined: it has not. */
  ended: string | undefined;
  /** Somebody was told that it has not run. */
  saidUnrun: boolean;
  readonly runs: Run[];
}

/** A fiber that handlers told of. */
export interface Run {
  readonly asked: Asked;
  readonly parent: Run | undefined;
  readonly name: string;
  readonly thread: SimThread;
  readonly children: Run[];
  /** Its body is over. */
  isOver: boolean;
  /** It waits for what is not Heddle's, and may go on for as long as that takes. */
  isForeign: boolean;
  finalizers: number;
  finalized: number;
}

/** What an answer says of where it comes from. */
export interface AnswerOrigin {
  /** The request has not run. */
  saidUnrun?: boolean;
  /** A handler gave it, and not a cancel, a deadline or a death in its place. */
  isFromRun?: boolean;
}

/** The code with which handlers fail when they mean to, and nobody else. */
export const meantFailure = 'ABORTED';

/** Every law that a ledger keeps, by its name in failures. */
export const ledgerLaws = {
  once: 'answered once',
  own: 'its own answer',
  unrun: 'has not run',
  attempts: 'attempts',
  deadline: 'over by its deadline',
  below: 'cancel reaches all below',
  outlives: 'no fiber outlives its parent',
  finalizers: 'finalizers',
  answered: 'answered at all',
} as const;

export class Ledger {
  readonly asked = new Map<number, Asked>();
  readonly #simulation: Simulation;
  /** How long a cancel may take to reach all below, and an answer to come after its deadline, ms. */
  readonly #slackMs: number;
  #lastId = 0;
  #open = 0;
  answered = 0;
  readonly outcomes = new Map<string, number>();

  constructor(simulation: Simulation, slackMs: number) {
    this.#simulation = simulation;
    this.#slackMs = slackMs;
  }

  /** Asked and not ended. */
  get open(): number {
    return this.#open;
  }

  /** Something is about to be asked. */
  ask(by: string, thread: SimThread, deadlineMs: number, runsMax: number): Asked {
    const id = ++this.#lastId;
    const asked: Asked = { id, by, thread, deadlineMs, runsMax, ended: undefined, saidUnrun: false, runs: [] };
    this.asked.set(id, asked);
    this.#open++;
    this.#simulation.trace(thread.name, `  ${by} asks request ${id}`);
    const { nowMs } = this.#simulation;
    if (deadlineMs !== Number.POSITIVE_INFINITY) {
      this.#simulation.after(Math.max(0, deadlineMs - nowMs) + this.#slackMs, () => {
        if (asked.ended === undefined && thread.isAlive) {
          const late = this.#simulation.nowMs - deadlineMs;
          this.#fail('deadline', `request ${id} of ${by} has no answer ${late.toFixed(0)} ms after its deadline`);
        }
      });
    }
    return asked;
  }

  /** Whoever asked has its answer, or wants none: `ok`, `cancelled`, a code. */
  end(asked: Asked, how: string, { saidUnrun = false, isFromRun = false }: AnswerOrigin = {}): void {
    if (asked.ended !== undefined) {
      this.#fail('once', `request ${asked.id} of ${asked.by} had ended (${asked.ended}), and ends again: ${how}`);
    }
    asked.ended = how;
    this.#open--;
    this.#simulation.trace(asked.thread.name, `  request ${asked.id} of ${asked.by} has ended: ${how}`);
    const [kind = how] = how.split(' ', 1);
    this.outcomes.set(kind, (this.outcomes.get(kind) ?? 0) + 1);
    if (how !== 'lost' && how !== 'cancelled') this.answered++;
    if (saidUnrun) {
      asked.saidUnrun = true;
      if (asked.runs.length > 0)
        this.#fail('unrun', `request ${asked.id} is said not to have run (${how}), but it did`);
    }
    if (isFromRun) this.#checkOutlived(asked);
    if (asked.runs.some((run) => isLive(run))) this.#expectEnd(asked);
  }

  /** The reply brought what it should. */
  checkAnswer(asked: Asked, id: number, padding: Buffer, expected: Buffer): void {
    if (id !== asked.id || !padding.equals(expected)) {
      this.#fail('own', `request ${asked.id} of ${asked.by} got the answer to ${id}, ${padding.length} bytes`);
    }
  }

  /** A handler begins. */
  begin(id: number, thread: SimThread): Run {
    const asked = this.asked.get(id);
    if (asked === undefined)
      return this.#fail('own', `a handler on ${thread.name} got request ${id}, which nobody has put`);
    if (asked.saidUnrun) this.#fail('unrun', `request ${id} was said not to have run, and runs now on ${thread.name}`);
    if (asked.runs.length >= asked.runsMax) {
      this.#fail('attempts', `request ${id} of ${asked.by} runs once more than ${asked.runsMax} times`);
    }
    const run = this.#run(asked, undefined, `request ${id}`, thread);
    asked.runs.push(run);
    this.#simulation.trace(thread.name, `  request ${id} runs`);
    if (asked.ended !== undefined) this.#expectEnd(asked);
    return run;
  }

  /** A fiber of it begins. */
  spawn(parent: Run, index: number): Run {
    const child = this.#run(parent.asked, parent, `${parent.name}.${index}`, parent.thread);
    parent.children.push(child);
    return child;
  }

  /** The fiber has exited, its children and finalizers too. */
  exited(run: Run): void {
    const live = run.children.find(isLive);
    if (live !== undefined) this.#fail('outlives', `${live.name} still runs, and ${run.name}, its parent, has exited`);
    if (run.finalized !== run.finalizers) {
      this.#fail('finalizers', `${run.name} has exited with ${run.finalized} of ${run.finalizers} finalizers run`);
    }
  }

  defer(run: Run): number {
    return run.finalizers++;
  }

  finalize(run: Run, index: number): void {
    const expected = run.finalizers - 1 - run.finalized;
    if (index !== expected) {
      this.#fail('finalizers', `finalizer ${index} of ${run.name} runs where ${expected} is due`);
    }
    run.finalized++;
  }

  /** Everything of a thread that died has ended with it; what it had asked for nobody waits for any more. */
  threadDied(thread: SimThread): void {
    for (const asked of this.asked.values()) {
      if (asked.ended === undefined && asked.thread === thread) this.end(asked, 'lost');
    }
  }

  /** When nothing is under way any more: on threads that live everything has come to its end. */
  checkEnd(): void {
    for (const asked of this.asked.values()) {
      if (asked.ended === undefined) this.#fail('answered', `request ${asked.id} of ${asked.by} was never answered`);
      for (const run of asked.runs) this.#checkRun(run);
    }
  }

  #checkRun(run: Run): void {
    if (!run.thread.isAlive) return;
    if (!run.isOver && !waitsForForeign(run)) this.#fail('below', `${run.name} on ${run.thread.name} never ended`);
    if (run.isOver && run.finalized !== run.finalizers) {
      this.#fail('finalizers', `${run.finalized} of ${run.finalizers} finalizers of ${run.name} have run`);
    }
    for (const child of run.children) this.#checkRun(child);
  }

  #run(asked: Asked, parent: Run | undefined, name: string, thread: SimThread): Run {
    return {
      asked,
      parent,
      name,
      thread,
      children: [],
      isOver: false,
      isForeign: false,
      finalizers: 0,
      finalized: 0,
    };
  }

  /** One of its runs has answered, so one has ended. */
  #checkOutlived({ runs, id }: Asked): void {
    const live = runs.map(liveOf);
    if (live.length === 0 || live.includes(undefined)) return;
    this.#fail('outlives', `request ${id} is answered, and ${live.at(-1)!.name} of it still runs`);
  }

  /** Nobody wants it any more: all that runs for it is to end soon. */
  #expectEnd(asked: Asked): void {
    this.#simulation.after(this.#slackMs, () => {
      for (const run of asked.runs) {
        const live = isLive(run) ? liveOf(run) : undefined;
        if (live === undefined) continue;
        this.#fail(
          'below',
          `request ${asked.id} of ${asked.by} has ended (${asked.ended}), and ${live.name} on ${live.thread.name} still runs ${this.#slackMs} ms after`,
        );
      }
    });
  }

  #fail(law: keyof typeof ledgerLaws, sentence: string): never {
    return this.#simulation.fail(ledgerLaws[law], sentence);
  }
}

/** It, or something below it, runs on a thread that lives. */
function isLive(run: Run): boolean {
  return liveOf(run) !== undefined;
}

/** Who waits for what is not Heddle's may go on for as long as that takes, and so may those above that wait for it. */
function liveOf(run: Run): Run | undefined {
  if (!run.thread.isAlive) return undefined;
  if (!run.isOver && !waitsForForeign(run)) return run;
  for (const child of run.children) {
    const live = liveOf(child);
    if (live !== undefined) return live;
  }
  return undefined;
}

function waitsForForeign(run: Run): boolean {
  return run.isForeign || run.children.some(waitsForForeign);
}
