// NodeWork: the work of one node in one run, for nodes with policies: cache and flights, breaker and limiter, the items of
// a foreach, and the tries at each. A plain node has none: it is one attempt of its run.

import { HeddleError } from '../../runtime/errors.ts';
import type { TimerTarget } from '../../runtime/timer-wheel.ts';
import type { Evaluate } from '../expression/compile.ts';
import type { Follower, GraphNode } from '../graph/graph-node.ts';
import type { CacheKey } from '../policy/cache.ts';
import { breakerOpen, expressionFailed, noTimeLeft, notAList, outOfTime, tooMany, tooManyItems } from './failures.ts';
import { placeOf, type RunHost } from './host.ts';
import { Tries, type TriesOwner } from './tries.ts';

/** The run that the work belongs to. */
export interface WorkOwner {
  readonly host: RunHost;
  readonly values: unknown[];
  nextToken(tries: Tries): number;
  /** The node's input as the run's level wants it; asked once when it begins. */
  inputOf(node: GraphNode): Evaluate;
  /** The key of its cached value. Throws when the key's expression fails or gives none. */
  keyOf(node: GraphNode): CacheKey;
  /** Whether a run that waits for this one leads the flight of this key. */
  isLedAbove(node: GraphNode, key: CacheKey): boolean;
  workDone(work: NodeWork, value: unknown): void;
  workFailed(work: NodeWork, error: HeddleError): void;
  /** Something went wrong that is no failure of the work. */
  broken(reason: unknown): void;
  /** Works through what a timer or another run has brought about. */
  drain(): void;
}

const noTimer = -1;

export class NodeWork implements TriesOwner, Follower, TimerTarget {
  readonly node: GraphNode;
  readonly deadlineMs: number;
  readonly host: RunHost;
  /** All tries there were, for the trace: one, or one for each item that began. */
  readonly tries: Tries[] = [];
  /** That of the same node before it was cancelled and demanded again. */
  before: NodeWork | undefined = undefined;
  /** Its value came from the cache or from an equal run. */
  cached = false;
  /** Items whose failure the quorum held. */
  lost = 0;
  readonly #run: WorkOwner;
  #over = false;
  #key: CacheKey | undefined;
  #role: 'none' | 'leads' | 'follows' = 'none';
  /** It begins to lead in the place of another. */
  #takesOver = false;
  /** It could not: the next one has to. */
  #passes = false;
  #entered = false;
  #timer = noTimer;
  // Of a foreach.
  items: readonly unknown[] | undefined = undefined;
  #input: Evaluate | undefined;
  #results: unknown[] = [];
  #next = 0;
  #underWay = 0;
  #starting = false;

  constructor(node: GraphNode, deadlineMs: number, run: WorkOwner) {
    this.node = node;
    this.deadlineMs = deadlineMs;
    this.host = run.host;
    this.#run = run;
  }

  /** Whether it is over before it begins: by a fresh value of its cache, or without a key. */
  endsByCache(nowMs: number): boolean {
    const { cache } = this.node;
    if (cache === undefined) return false;
    try {
      this.#key = this.#run.keyOf(this.node);
    } catch (reason) {
      this.#fail(expressionFailed(this.node.name, 'the cache key', reason));
      return true;
    }
    const fresh = cache.fresh(this.#key, nowMs);
    if (fresh === undefined) return false;
    this.cached = true;
    this.#finish(fresh);
    return true;
  }

  /** Joins an equal run, or does the work. */
  begin(nowMs: number): void {
    if (this.#key === undefined) {
      this.#start(nowMs);
    } else if (this.node.flights!.join(this.#key, this)) {
      this.#role = 'leads';
      this.#start(nowMs);
    } else if (this.#run.isLedAbove(this.node, this.#key)) {
      // It would wait for a run that waits for it.
      this.node.flights!.leave(this.#key, this);
      this.#start(nowMs);
    } else {
      this.#follow(nowMs);
    }
  }

  /** Whether it does the work of this key for all that wait for it. */
  leadsFor(key: CacheKey): boolean {
    return this.#role === 'leads' && !this.#over && this.#key === key;
  }

  /** Its own deadline has come while it waited for an equal run (TimerTarget). */
  onTimer(): void {
    this.#timer = noTimer;
    this.node.flights!.leave(this.#key!, this);
    this.#role = 'none';
    this.#fail(outOfTime(this.node));
    this.#run.drain();
  }

  /** What a stale fallback gives; undefined: nothing. */
  static stale(node: GraphNode, run: WorkOwner, nowMs: number): unknown {
    try {
      return node.cache === undefined ? undefined : node.cache.stale(run.keyOf(node), nowMs);
    } catch {
      // Without a key there is no value; the failure that led here is the one to report.
      return undefined;
    }
  }

  /** Nobody wants the result any more. */
  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    for (const tries of this.tries) tries.cancel();
    this.#leave();
    this.#disarm();
    if (this.#role === 'follows') this.node.flights!.leave(this.#key!, this);
    if (this.#role === 'leads') this.#passOn();
  }

  // Follower: an equal run of this node has ended.

  landed(value: unknown): void {
    if (this.#over) return;
    this.#disarm();
    this.cached = true;
    this.#role = 'none';
    this.#finish(value);
    this.#run.drain();
  }

  crashed(error: unknown): void {
    if (this.#over) return;
    this.#disarm();
    this.#role = 'none';
    this.#fail(HeddleError.from(error));
    this.#run.drain();
  }

  leads(): boolean {
    this.#disarm();
    this.#role = 'leads';
    this.#takesOver = true;
    try {
      this.#start(this.host.nowMs());
    } catch (reason) {
      this.#run.broken(reason);
    }
    this.#takesOver = false;
    this.#run.drain();
    return !this.#passes;
  }

  // TriesOwner

  nextToken(tries: Tries): number {
    return this.#run.nextToken(tries);
  }

  broken(reason: unknown): void {
    this.#run.broken(reason);
  }

  timerRan(): void {
    this.#run.drain();
  }

  triesDone(tries: Tries, value: unknown): void {
    if (this.#over) return;
    if (tries.item === undefined) {
      this.#finish(value);
      return;
    }
    this.#results[tries.item] = value;
    this.#itemEnded();
  }

  triesFailed(tries: Tries, error: HeddleError): void {
    if (this.#over) return;
    if (tries.item === undefined) {
      this.#fail(error);
      return;
    }
    this.#itemLost(tries.item, error);
  }

  #itemLost(index: number, error: HeddleError): void {
    this.lost++;
    this.#results[index] = lostItem;
    const { length } = this.items!;
    const quorum = Math.min(length, this.node.definition.foreach!.quorum ?? length);
    if (length - this.lost < quorum) this.#fail(error);
    else this.#itemEnded();
  }

  #follow(nowMs: number): void {
    this.#role = 'follows';
    if (this.deadlineMs === Number.POSITIVE_INFINITY) return;
    // Another's deadline may be later, and no attempt of its own ends it at this one's.
    const dueMs = Math.max(this.deadlineMs, nowMs);
    this.#timer = this.host.timers.add(dueMs, this, 0, placeOf(this.node, -1));
  }

  #disarm(): void {
    if (this.#timer !== noTimer) this.host.timers.remove(this.#timer);
    this.#timer = noTimer;
  }

  #start(nowMs: number): void {
    const { node } = this;
    // Each attempt asks it again: half open, it lets one through.
    if (node.breaker?.state(nowMs) === 'open') {
      this.#fail(breakerOpen(node));
      return;
    }
    if (node.limiter !== undefined) {
      if (!node.limiter.enter()) {
        this.#fail(tooMany(node, node.definition.concurrency!));
        return;
      }
      this.#entered = true;
    }
    if (!(this.deadlineMs > nowMs)) {
      this.#fail(noTimeLeft(node, nowMs - this.deadlineMs));
      return;
    }
    if (node.items === undefined) this.#startOne(nowMs);
    else this.#startItems();
  }

  #startOne(nowMs: number): void {
    let input: unknown;
    try {
      input = this.#run.inputOf(this.node)(this.#run.values);
    } catch (reason) {
      this.#fail(expressionFailed(this.node.name, 'the input', reason));
      return;
    }
    const tries = new Tries(this, input, undefined);
    this.tries.push(tries);
    tries.begin(nowMs);
  }

  #startItems(): void {
    const { node } = this;
    this.#input = this.#run.inputOf(node);
    let items: unknown;
    try {
      items = node.items!(this.#run.values);
    } catch (reason) {
      this.#fail(expressionFailed(node.name, 'the list of foreach', reason));
      return;
    }
    const { maxItems } = node.definition.foreach!;
    if (!Array.isArray(items)) {
      this.#fail(notAList(node, items));
      return;
    }
    if (items.length > maxItems) {
      this.#fail(tooManyItems(node, items.length, maxItems));
      return;
    }
    this.items = items;
    this.#results = new Array<unknown>(items.length).fill(null);
    this.#startMore();
  }

  /** Items may end while they are started: the loop that started them goes on. */
  #startMore(): void {
    if (this.#starting) return;
    this.#starting = true;
    const { parallel } = this.node.definition.foreach!;
    while (!this.#over && this.#next < this.items!.length && this.#underWay < parallel && !this.#isProbing) {
      this.#startItem(this.#next++);
    }
    this.#starting = false;
    if (!this.#over && this.#underWay === 0) this.#finishItems();
  }

  /** Half open, the breaker lets one item through; the others wait for what becomes of it. */
  get #isProbing(): boolean {
    const { breaker } = this.node;
    return breaker !== undefined && this.#underWay > 0 && breaker.state(this.host.nowMs()) === 'half-open';
  }

  #startItem(index: number): void {
    const { node } = this;
    const { values } = this.#run;
    const nowMs = this.host.nowMs();
    this.#underWay++;
    if (!(this.deadlineMs > nowMs)) {
      this.#itemLost(index, noTimeLeft(node, nowMs - this.deadlineMs));
      return;
    }
    values[node.itemSlot] = this.items![index] ?? null;
    let input: unknown;
    try {
      input = this.#input!(values);
    } catch (reason) {
      this.#itemLost(index, expressionFailed(node.name, `the input for item ${index}`, reason));
      return;
    } finally {
      values[node.itemSlot] = undefined;
    }
    const tries = new Tries(this, input, index);
    this.tries.push(tries);
    tries.begin(nowMs);
  }

  #itemEnded(): void {
    this.#underWay--;
    this.#startMore();
  }

  #finishItems(): void {
    const drop = this.node.definition.foreach!.failed === 'drop';
    const results = drop
      ? this.#results.filter((result) => result !== lostItem)
      : this.#results.map((result) => (result === lostItem ? null : result));
    this.#finish(results);
  }

  #finish(value: unknown): void {
    this.#over = true;
    this.#leave();
    const { cache, flights } = this.node;
    if (this.#role === 'leads') {
      cache!.store(this.#key!, value, this.host.nowMs());
      const followers = flights!.landed(this.#key!);
      this.#run.workDone(this, value);
      for (const follower of followers) follower.landed(value);
      return;
    }
    this.#run.workDone(this, value);
  }

  #fail(error: HeddleError): void {
    this.#over = true;
    for (const tries of this.tries) tries.cancel();
    this.#leave();
    const { flights } = this.node;
    const leads = this.#role === 'leads';
    this.#run.workFailed(this, error);
    if (!leads) return;
    // Another run may have more time, or another deadline; any other failure would most likely meet it too.
    if (error.code !== 'DEADLINE_EXCEEDED' && error.code !== 'CANCELLED') {
      for (const follower of flights!.landed(this.#key!)) follower.crashed(error);
    } else if (this.#takesOver) {
      this.#passes = true;
    } else {
      this.#passOn();
    }
  }

  /** The first that waits leads. One after another, not one within another: thousands may have no time either. */
  #passOn(): void {
    const flights = this.node.flights!;
    while (flights.passed(this.#key!)?.leads() === false);
  }

  #leave(): void {
    if (this.#entered) this.node.limiter!.leave();
    this.#entered = false;
  }
}

const lostItem = Symbol('lost');
