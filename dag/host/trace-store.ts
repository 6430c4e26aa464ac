// TraceStore (main): the latest traces of each strategy, within a bound in size over all of them.

import type { DataBudget } from '../run/bounded-data.ts';
import type { RunTrace } from '../run/trace.ts';

/** Traces kept of each strategy, the latest. */
const tracesMax = 64;
/** All traces of a process together, characters of JSON: the oldest go first. */
export const storeMax = 33_554_432;

// What a part of a trace takes beside its values, characters of JSON, about.
const nodeSize = 256;
const attemptSize = 160;

interface Kept {
  readonly trace: RunTrace;
  readonly size: number;
  readonly number: number;
}

export class TraceStore {
  readonly #kept = new Map<string, Kept[]>();
  #size = 0;
  #number = 0;

  get size(): number {
    return this.#size;
  }

  add(trace: RunTrace, size: number): void {
    const traces = this.#kept.get(trace.strategy) ?? [];
    this.#kept.set(trace.strategy, traces);
    traces.push({ trace, size, number: this.#number++ });
    this.#size += size;
    if (traces.length > tracesMax) this.#dropFirst(traces);
    while (this.#size > storeMax) this.#dropFirst(this.#oldest());
  }

  of(strategy: string): RunTrace[] {
    return (this.#kept.get(strategy) ?? []).map(({ trace }) => trace);
  }

  /** Forgets those of strategies that are no more. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const [name, traces] of this.#kept) {
      if (names.has(name)) continue;
      for (const { size } of traces) this.#size -= size;
      this.#kept.delete(name);
    }
  }

  #dropFirst(traces: Kept[]): void {
    this.#size -= traces.shift()!.size;
  }

  #oldest(): Kept[] {
    let oldest: Kept[] | undefined;
    for (const traces of this.#kept.values()) {
      if (traces.length > 0 && (oldest === undefined || traces[0]!.number < oldest[0]!.number)) oldest = traces;
    }
    return oldest!;
  }
}

/** About how large a trace is, characters of JSON. Costs a step for each node and attempt. */
export function sizeOf({ nodes }: RunTrace, { used }: DataBudget): number {
  let size = used + nodeSize;
  for (const { attempts, failure } of nodes) {
    size += nodeSize + (failure?.message.length ?? 0);
    for (const attempt of attempts) size += attemptSize + (attempt.failure?.message.length ?? 0);
  }
  return size;
}
