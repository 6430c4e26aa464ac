// ReferenceWork: the work of one node in step 7: attempts, retries, hedges and the items of a foreach, for
// evaluateReference. A node without foreach is one item whose quorum is 1. Nothing is scheduled: whoever asks `nextDue`
// looks at all that is under way.

import type { Data, NodeDefinition } from '../../../../dag/definition.ts';
import type { ErrorCode } from '../../../../runtime/errors.ts';
import { valueOrFailed } from './expression.ts';
import type { Behaviour, ReferenceAttempt } from './world.ts';

/** What the work needs of the run around it. */
export interface Surroundings {
  nowMs(): number;
  /** Throws EvaluationFailure where it can't be evaluated. */
  inputOf(item: number | undefined): Data;
  /** What the next attempt does: each question is an attempt. */
  nextBehaviour(item: number | undefined): Behaviour;
  /** A first attempt adds its shares to the budgets. */
  firstAttempt(): void;
  /** Takes a token; false: there is none. */
  takeToken(budget: 'retries' | 'hedges'): boolean;
  readonly idempotent: boolean;
  /** All attempts of the node in the run, for the outcome. */
  readonly log: ReferenceAttempt[];
}

export interface Due {
  readonly atMs: number;
  happen(): void;
}

export type WorkEnd =
  | { readonly kind: 'good'; readonly value: Data; readonly lost: number; readonly of: number }
  | { readonly kind: 'bad'; readonly code: ErrorCode };

interface Attempt {
  readonly startMs: number;
  readonly behaviour: Behaviour;
  /** Index in the log. */
  readonly logged: number;
  state: 'under way' | 'failed' | 'cancelled' | 'good';
}

type ItemEnd = { readonly value: Data } | { readonly code: ErrorCode };

interface Item {
  readonly index: number | undefined;
  readonly input: Data;
  readonly attempts: Attempt[];
  /** Hedges that were sent or had no token. */
  hedges: number;
  retryAtMs: number | undefined;
}

export class ReferenceWork {
  end: WorkEnd | undefined;
  readonly #node: NodeDefinition;
  readonly #around: Surroundings;
  readonly #deadlineMs: number;
  readonly #size: number;
  readonly #quorum: number;
  readonly #items: Item[] = [];
  readonly #ends = new Map<number, ItemEnd>();

  /** `size`: of the list of a foreach. */
  constructor(node: NodeDefinition, size: number, deadlineMs: number, around: Surroundings) {
    this.#node = node;
    this.#around = around;
    this.#deadlineMs = deadlineMs;
    this.#size = size;
    this.#quorum = Math.min(node.foreach?.quorum ?? size, size);
    this.#goOn();
  }

  /** What happens next in this work. */
  nextDue(): Due | undefined {
    const all = [...this.#dues()];
    return all.reduce<Due | undefined>((first, due) => (first && first.atMs <= due.atMs ? first : due), undefined);
  }

  cancel(): void {
    for (const item of this.#items) this.#cancelAttempts(item);
  }

  *#dues(): Generator<Due> {
    yield { atMs: this.#deadlineMs, happen: () => this.#deadline() };
    for (const [place, item] of this.#items.entries()) {
      if (this.#ends.has(place)) continue;
      for (const attempt of item.attempts) {
        if (attempt.state !== 'under way') continue;
        yield { atMs: attempt.startMs + attempt.behaviour.delayMs, happen: () => this.#attemptEnds(place, attempt) };
      }
      const hedgeAtMs = this.#nextHedgeMs(item);
      if (hedgeAtMs !== undefined) yield { atMs: hedgeAtMs, happen: () => this.#hedge(item) };
      const { retryAtMs } = item;
      if (retryAtMs !== undefined) {
        yield {
          atMs: retryAtMs,
          happen: () => {
            item.retryAtMs = undefined;
            this.#attempt(item, false);
          },
        };
      }
    }
  }

  #nextHedgeMs(item: Item): number | undefined {
    const { hedge, estimateMs } = this.#node;
    const first = item.attempts[0];
    if (hedge === undefined || estimateMs === undefined || first === undefined) return undefined;
    if (!this.#around.idempotent || item.hedges >= hedge.max) return undefined;
    if (item.attempts.some(({ state }) => state === 'failed')) return undefined;
    return first.startMs + (item.hedges + 1) * Math.max(estimateMs, hedge.minimumMs);
  }

  #hedge(item: Item): void {
    item.hedges++;
    if (this.#around.takeToken('hedges')) this.#attempt(item, true);
  }

  #attempt(item: Item, hedge: boolean): void {
    if (item.attempts.length === 0) this.#around.firstAttempt();
    const startMs = this.#around.nowMs();
    const behaviour = this.#around.nextBehaviour(item.index);
    const log = this.#around.log;
    log.push({ startMs, endMs: undefined, item: item.index, hedge, code: undefined, input: item.input });
    item.attempts.push({ startMs, behaviour, logged: log.length - 1, state: 'under way' });
  }

  #attemptEnds(place: number, attempt: Attempt): void {
    const item = this.#items[place]!;
    const { code, value } = attempt.behaviour;
    attempt.state = code === undefined ? 'good' : 'failed';
    const { log } = this.#around;
    log[attempt.logged] = { ...log[attempt.logged]!, endMs: this.#around.nowMs(), code };
    if (code === undefined) {
      this.#itemEnds(place, { value: value ?? null });
    } else if (!item.attempts.some(({ state }) => state === 'under way') && !this.#retries(item, code)) {
      this.#itemEnds(place, { code });
    }
  }

  /** Whether a retry follows, now or after its pause. */
  #retries(item: Item, code: ErrorCode): boolean {
    const { retry } = this.#node;
    const tried = item.attempts.length;
    if (retry === undefined || tried >= retry.attempts || !retry.on.includes(code)) return false;
    const atMs = this.#around.nowMs() + retry.backoffMs * 2 ** (tried - 1);
    if (!this.#around.idempotent || atMs >= this.#deadlineMs) return false;
    if (!this.#around.takeToken('retries')) return false;
    if (retry.backoffMs === 0) this.#attempt(item, false);
    else item.retryAtMs = atMs;
    return true;
  }

  #itemEnds(place: number, end: ItemEnd): void {
    this.#setItemEnd(place, end);
    this.#goOn();
  }

  #setItemEnd(place: number, end: ItemEnd): void {
    this.#ends.set(place, end);
    const item = this.#items[place];
    if (item !== undefined) this.#cancelAttempts(item);
  }

  /** Starts what may start, and ends what is decided. */
  #goOn(): void {
    for (;;) {
      const failures = [...this.#ends.values()].filter((end) => 'code' in end);
      if (failures.length > this.#size - this.#quorum) {
        this.cancel();
        this.end = { kind: 'bad', code: failures.at(-1)!.code };
        return;
      }
      if (this.#ends.size === this.#size) {
        this.end = this.#goodEnd();
        return;
      }
      const place = this.#items.length;
      const underWay = place - this.#ends.size;
      if (place === this.#size || underWay >= (this.#node.foreach?.parallel ?? 1)) return;
      this.#startItem(place);
    }
  }

  #startItem(place: number): void {
    const index = this.#node.foreach === undefined ? undefined : place;
    const input = valueOrFailed(() => this.#around.inputOf(index));
    const item: Item = { index, input: input ?? null, attempts: [], hedges: 0, retryAtMs: undefined };
    this.#items.push(item);
    if (input === undefined) this.#setItemEnd(place, { code: 'INTERNAL' });
    else this.#attempt(item, false);
  }

  #goodEnd(): WorkEnd {
    const inOrder = Array.from({ length: this.#size }, (_, place) => this.#ends.get(place)!);
    const lost = inOrder.filter((end) => 'code' in end).length;
    const { foreach } = this.#node;
    const kept = foreach?.failed === 'drop' ? inOrder.filter((end) => 'value' in end) : inOrder;
    const values = kept.map((end) => ('value' in end ? end.value : null));
    return { kind: 'good', value: foreach === undefined ? values[0]! : values, lost, of: this.#size };
  }

  /** Items that have not ended have failed. */
  #deadline(): void {
    const done = [...this.#ends.values()].filter((end) => 'value' in end).length;
    for (let place = 0; place < this.#size; place++) {
      if (!this.#ends.has(place)) this.#setItemEnd(place, { code: 'DEADLINE_EXCEEDED' });
    }
    this.end = done >= this.#quorum ? this.#goodEnd() : { kind: 'bad', code: 'DEADLINE_EXCEEDED' };
  }

  #cancelAttempts(item: Item): void {
    item.retryAtMs = undefined;
    for (const attempt of item.attempts) if (attempt.state === 'under way') attempt.state = 'cancelled';
  }
}
