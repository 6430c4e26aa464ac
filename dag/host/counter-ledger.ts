// CounterLedger (main): what all threads have counted of each strategy, over all threads and versions there were. Each
// thread has memory of its own for each set of strategies; what is no longer written is added to the past, so that no sum
// ever falls.

import {
  emptyNodeSums,
  emptyRunSums,
  type NodeSums,
  type RunSums,
  StrategyCounters,
} from '../../runtime/shared/strategy-counters.ts';
import type { StrategyDefinition } from '../definition.ts';
import { nodesOf } from './loaded-set.ts';

/** Runs that began on an old set may still be counted in its memory for so long; those that take longer are lost, ms. */
const keptMs = 60_000;
/** Memories of one thread at most: publishing faster than that adds the oldest to the past early. */
const keptMax = 64;

interface Memory {
  readonly version: number;
  readonly counters: StrategyCounters;
  readonly definitions: readonly StrategyDefinition[];
  /** The thread's runs begin on it. Neither this nor replaced: it was offered, and nothing is counted yet. */
  isUsed: boolean;
  /** When another set took its place; Infinity: none did. */
  replacedMs: number;
}

interface StrategySums {
  readonly runs: RunSums;
  /** By name. */
  readonly nodes: Map<string, NodeSums>;
}

export class CounterLedger {
  readonly #threads = new Map<number, Memory[]>();
  readonly #past = new Map<string, StrategySums>();

  /** Memory for a thread that loads a set. `use` or `withdraw` says what became of it. */
  open(thread: number, version: number, definitions: readonly StrategyDefinition[], nowMs: number): SharedArrayBuffer {
    const nodes = nodesOf(definitions);
    const memory = StrategyCounters.allocate(nodes);
    const memories = this.#threads.get(thread) ?? [];
    this.#threads.set(thread, memories);
    memories.push({
      version,
      counters: new StrategyCounters(memory, nodes),
      definitions,
      isUsed: false,
      replacedMs: Number.POSITIVE_INFINITY,
    });
    for (;;) {
      let at = memories.findIndex(({ replacedMs }) => replacedMs <= nowMs - keptMs);
      if (at === -1 && memories.length > keptMax) at = memories.findIndex(({ isUsed }) => !isUsed);
      if (at === -1) return memory;
      this.#close(memories.splice(at, 1)[0]!);
    }
  }

  /** The thread's runs begin on that set from now on. */
  use(thread: number, version: number, nowMs: number): void {
    const memories = this.#threads.get(thread) ?? [];
    for (const memory of memories) {
      if (memory.isUsed && memory.version !== version) memory.replacedMs = nowMs;
      memory.isUsed = memory.version === version;
    }
    // Offers that a later version has overtaken.
    const kept = memories.filter((one) => one.version >= version || one.replacedMs < Number.POSITIVE_INFINITY);
    this.#threads.set(thread, kept);
  }

  /** The thread will not use that set, which it was offered. */
  withdraw(thread: number, version: number): void {
    const memories = this.#threads.get(thread) ?? [];
    const at = memories.findIndex((memory) => memory.version === version && !memory.isUsed);
    if (at !== -1) this.#close(memories.splice(at, 1)[0]!);
  }

  /** The thread lacks that set, which it was told to use; its runs begin on the one before as ever. */
  restore(thread: number, version: number, inUse: number): void {
    const memories = this.#threads.get(thread) ?? [];
    const at = memories.findIndex((memory) => memory.version === version);
    if (at !== -1) this.#close(memories.splice(at, 1)[0]!);
    const before = memories.find((memory) => memory.version === inUse);
    if (before === undefined) return;
    before.isUsed = true;
    before.replacedMs = Number.POSITIVE_INFINITY;
  }

  /** The thread has ended: nobody writes its memories any more. */
  close(thread: number): void {
    for (const memory of this.#threads.get(thread) ?? []) this.#close(memory);
    this.#threads.delete(thread);
  }

  /** By name of the strategy. */
  sums(): Map<string, StrategySums> {
    const sums = new Map<string, StrategySums>();
    for (const [name, { runs, nodes }] of this.#past) {
      const into = sumsOf(sums, name);
      addRuns(into.runs, runs);
      for (const [node, nodeSums] of nodes) addNode(nodesIn(into, node), nodeSums);
    }
    for (const memories of this.#threads.values()) for (const memory of memories) addTo(sums, memory);
    return sums;
  }

  #close(memory: Memory): void {
    memory.isUsed = false;
    addTo(this.#past, memory);
  }
}

function addTo(sums: Map<string, StrategySums>, { counters, definitions, isUsed }: Memory): void {
  for (const [index, { name, nodes }] of definitions.entries()) {
    const into = sumsOf(sums, name);
    counters.sumRuns(index, into.runs);
    for (const [at, node] of nodes.entries()) {
      const { counts } = nodesIn(into, node.name);
      const open = counts.breakerOpen;
      counters.sumNode(index, at, nodesIn(into, node.name));
      // A state and no count: that of a set that no run begins on any more says nothing.
      if (!isUsed) counts.breakerOpen = open;
    }
  }
}

function sumsOf(sums: Map<string, StrategySums>, name: string): StrategySums {
  let found = sums.get(name);
  if (found === undefined) {
    found = { runs: emptyRunSums(), nodes: new Map() };
    sums.set(name, found);
  }
  return found;
}

function nodesIn({ nodes }: StrategySums, name: string): NodeSums {
  let found = nodes.get(name);
  if (found === undefined) {
    found = emptyNodeSums();
    nodes.set(name, found);
  }
  return found;
}

function addRuns(into: RunSums, from: RunSums): void {
  addCounts(into.counts, from.counts);
  for (const [level, count] of from.levels.entries()) into.levels[level]! += count;
  addLatency(into.latency, from.latency);
}

function addNode(into: NodeSums, from: NodeSums): void {
  addCounts(into.counts, from.counts);
  addLatency(into.latency, from.latency);
}

function addCounts<Name extends string>(into: Record<Name, number>, from: Readonly<Record<Name, number>>): void {
  for (const name in from) into[name] += from[name];
}

function addLatency(into: Float64Array, from: Float64Array): void {
  for (let bucket = 0; bucket < into.length; bucket++) into[bucket]! += from[bucket]!;
}
