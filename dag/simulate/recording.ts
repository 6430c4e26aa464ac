// Recording: a recorded run as the behaviour of its nodes: what each attempt took, gave or failed with. Times go from
// the start of an attempt to its end, so that they fit a version in which a node begins earlier or later.

import type { ErrorCode } from '../../runtime/errors.ts';
import type { Data } from '../definition.ts';
import type { AttemptTrace, Failure, NodeTrace, RunTrace } from '../run/trace.ts';
import { wasRefused } from './restore-policies.ts';
import type { AttemptBehaviour } from './virtual-run.ts';

/** What a node does that the recording says nothing of. */
export interface ReplayMock {
  readonly value?: Data;
  readonly error?: ErrorCode;
  /** 0. */
  readonly delayMs?: number;
}

/**
 * Added to what ran out of time: the replay's own deadline comes first then, as the recorded one did, whatever was lost
 * in adding up times.
 */
const pastDeadlineMs = 1e-6;

export class Recording {
  /** Nodes, or items of a foreach (`rank[3]`), that ran and of which nothing is recorded. */
  readonly unrecorded = new Set<string>();
  /** Attempts that were cancelled while recorded and were waited for in the replay, as sentences. */
  readonly unknown = new Set<string>();
  readonly #nodes: ReadonlyMap<string, NodeTrace>;
  readonly #mocks: Readonly<Record<string, ReplayMock>>;

  /** `trace`: with values. */
  constructor({ nodes }: RunTrace, mocks: Readonly<Record<string, ReplayMock>>) {
    this.#nodes = new Map(nodes.map((node) => [node.name, node]));
    this.#mocks = mocks;
  }

  node(name: string): NodeTrace | undefined {
    return this.#nodes.get(name);
  }

  /** `attempt` counts from 0 for each item; `item`: -1: none. */
  attempt(name: string, attempt: number, item: number): AttemptBehaviour {
    const node = this.#nodes.get(name);
    const attempts = node?.attempts.filter((one) => (one.item ?? -1) === item) ?? [];
    if (node === undefined || (attempts.length === 0 && !endedAtOnce(node))) return this.#mocked(name, item);
    if (attempts.length === 0) return withoutAttempts(node, item);
    const recorded = attempts[attempt];
    const winner = attempts.findLast(({ endMs, failure }) => endMs !== undefined && failure === undefined);
    if (recorded === undefined) return this.#furtherAttempt(attempts, winner);
    if (recorded.failure !== undefined && recorded.endMs !== undefined) return failing(recorded, recorded.failure);
    const value = winner === undefined ? undefined : itemValueOf(node, item);
    // One that lost to another would have given the same, at that time or after it.
    if (winner !== undefined) return { delayMs: (recorded.endMs ?? winner.endMs!) - recorded.startMs, value };
    const afterMs = round(node.endMs - recorded.startMs);
    this.unknown.add(
      `${nameOf(name, item)} was cancelled while it was recorded, after ${afterMs} ms: what it would have given is not known`,
    );
    return { delayMs: Number.POSITIVE_INFINITY };
  }

  #mocked(name: string, item: number): AttemptBehaviour {
    const mock = Object.hasOwn(this.#mocks, name) ? this.#mocks[name]! : undefined;
    const { delayMs = 0, value = null, error } = mock ?? {};
    if (mock === undefined) this.unrecorded.add(nameOf(name, item));
    else if (error === undefined) return { delayMs, value };
    const message =
      mock === undefined ? `${name} has no recording; give the replay a mock of it` : `${name} is mocked to fail`;
    return { delayMs, error: { code: error ?? 'UNIMPLEMENTED', message } };
  }

  /** A hedge or a retry that was not recorded: it changes nothing for the better. */
  #furtherAttempt(attempts: readonly AttemptTrace[], winner: AttemptTrace | undefined): AttemptBehaviour {
    const failed = attempts.findLast(({ failure }) => failure !== undefined);
    if (winner !== undefined || failed === undefined) return { delayMs: Number.POSITIVE_INFINITY };
    return { delayMs: 0, error: failed.failure! };
  }
}

/** Its value came from its cache or an equal run, or something refused it: there was no attempt. */
function endedAtOnce(node: NodeTrace): boolean {
  return (node.cached && node.startMs !== undefined) || wasRefused(node);
}

function withoutAttempts(node: NodeTrace, item: number): AttemptBehaviour {
  const { cached, startMs, endMs, failure } = node;
  if (cached) return { delayMs: endMs - (startMs ?? endMs), value: itemValueOf(node, item) };
  return { delayMs: 0, error: failure ?? { code: 'UNAVAILABLE', message: 'it failed before its first attempt' } };
}

function failing({ startMs, endMs }: AttemptTrace, failure: Failure): AttemptBehaviour {
  const slack = failure.code === 'DEADLINE_EXCEEDED' ? pastDeadlineMs : 0;
  return { delayMs: endMs! - startMs + slack, error: failure };
}

/** Of an item: in its place, or, where lost ones were dropped, in its place among those that were not. */
function itemValueOf({ value = null, attempts }: NodeTrace, item: number): Data {
  if (item < 0 || !Array.isArray(value)) return value;
  const values: readonly Data[] = value;
  if (attempts.length === 0) return values[item] ?? null;
  const wins = attempts.filter(({ endMs, failure }) => endMs !== undefined && failure === undefined);
  const done = [...new Set(wins.map((one) => one.item))].toSorted((left, right) => left! - right!);
  // Without a loss both are the same.
  return values[done.length === values.length ? done.indexOf(item) : item] ?? null;
}

function nameOf(name: string, item: number): string {
  return item < 0 ? name : `${name}[${item}]`;
}

function round(ms: number): number {
  return Number(ms.toFixed(3));
}
