// RequestLaws: what the explorer's worlds hold every request to: one answer, from its own run, run at most once.

import type { CallReply } from '../../runtime/call.ts';
import { emptyCallReply } from '../../runtime/call.ts';
import { codeNumber } from '../../runtime/errors.ts';
import type { TakenRequest } from '../../runtime/shared/taker.ts';
import { Violation } from '../steps/world.ts';

const outcomes = { none: 0, replied: 1, refused: 2, died: 3, cancelled: 4 } as const;
const diedCode = codeNumber('UNAVAILABLE');

/** Requests are named by a tag, which is the first word of their bodies. `Owner` is who asked. */
export class RequestLaws<Owner> {
  readonly #bodyBytes: number;
  readonly #owners: Owner[] = [];
  readonly #outcome: number[] = [0];
  readonly #runs: number[] = [0];
  readonly #runners: (Owner | undefined)[] = [];
  readonly #finished: boolean[] = [];
  readonly #replyBytes: number;

  constructor(bodyBytes: number, replyBytes = 4) {
    this.#bodyBytes = bodyBytes;
    this.#replyBytes = replyBytes;
  }

  /** That were ever opened. */
  get requests(): number {
    return this.#outcome.length - 1;
  }

  /** What tells states apart. */
  get state(): number[] {
    return this.#outcome.concat(this.#runs);
  }

  open(owner: Owner): number {
    const tag = this.#outcome.length;
    this.#owners[tag] = owner;
    this.#outcome.push(outcomes.none);
    this.#runs.push(0);
    return tag;
  }

  isOpen(tag: number): boolean {
    return this.#outcome[tag] === outcomes.none;
  }

  isOpenFor(tag: number, isOwner: (owner: Owner) => boolean): boolean {
    return this.isOpen(tag) && isOwner(this.#owners[tag]!);
  }

  cancel(tag: number): void {
    this.#outcome[tag] = outcomes.cancelled;
  }

  /** `mayRunOn`: a condemned thread may go on with what has been answered for it. Returns the reply. */
  run(taken: TakenRequest, mayRunOn: boolean, runner?: Owner): CallReply {
    const { head } = taken;
    const tag = head.source.readInt32LE(head.bodyStart);
    if (this.#owners[tag] === undefined || head.bodyEnd - head.bodyStart !== this.#bodyBytes) {
      throw new Violation(`a record was taken that nobody wrote (tag ${tag})`);
    }
    this.#runs[tag]!++;
    this.#runners[tag] = runner;
    if (this.#runs[tag]! > 1) throw new Violation(`request ${tag} is run twice`);
    const outcome = this.#outcome[tag]!;
    if (outcome !== outcomes.none && outcome !== outcomes.cancelled && !mayRunOn) {
      throw new Violation(`request ${tag} is run though it was answered before`);
    }
    const reply = emptyCallReply();
    reply.source = Buffer.alloc(this.#replyBytes);
    reply.source.writeInt32LE(tag);
    reply.bodyEnd = this.#replyBytes;
    return reply;
  }

  /** Its handler has returned and its reply is given. */
  finish(tag: number): void {
    this.#finished[tag] = true;
  }

  /** What `runner` has begun and nobody has an answer of. */
  openOn(runner: Owner): number[] {
    return this.#outcome.map((_, tag) => tag).filter((tag) => this.isOpen(tag) && this.#runners[tag] === runner);
  }

  /** Law when nothing moves but long work: an answer that is ready has come to whoever waits and is free to hear it. */
  checkPrompt(hears: (owner: Owner) => boolean, lives: (runner: Owner) => boolean): void {
    for (let tag = 1; tag < this.#outcome.length; tag++) {
      if (!this.isOpen(tag) || this.#finished[tag] !== true || !hears(this.#owners[tag]!)) continue;
      const runner = this.#runners[tag];
      if (runner !== undefined && lives(runner))
        throw new Violation(`the answer to request ${tag} waits behind other work`);
    }
  }

  onReply(owner: Owner, tag: number, reply: CallReply): void {
    if (this.#owners[tag] !== owner) throw new Violation(`request ${tag} is answered to a stranger`);
    if (this.#outcome[tag] !== outcomes.none) throw new Violation(`request ${tag} is answered again`);
    if (reply.code === 0) {
      if (reply.bodyEnd - reply.bodyStart !== this.#replyBytes) {
        throw new Violation(`request ${tag} got ${reply.bodyEnd - reply.bodyStart} bytes of ${this.#replyBytes}`);
      }
      const from = reply.source.readInt32LE(reply.bodyStart);
      if (from !== tag) throw new Violation(`request ${tag} got the reply of request ${from}`);
      if (this.#runs[tag] !== 1) throw new Violation(`request ${tag} was answered without running`);
      this.#outcome[tag] = outcomes.replied;
    } else {
      this.#outcome[tag] = reply.code === diedCode ? outcomes.died : outcomes.refused;
    }
  }

  /** At rest nobody who lives waits for an answer. */
  checkAnswered(isAlive: (owner: Owner) => boolean): void {
    for (let tag = 1; tag < this.#outcome.length; tag++) {
      if (this.isOpen(tag) && isAlive(this.#owners[tag]!)) throw new Violation(`request ${tag} is never answered`);
    }
  }
}
