// restorePolicies: what the policies of a graph had come to when a run was recorded, as far as its trace tells: values
// in caches, breakers that were open, nodes that ran as often as they may.

import type { Graph } from '../graph/compile-graph.ts';
import type { GraphNode } from '../graph/graph-node.ts';
import { firstNodeSlot, parametersSlot, requestSlot } from '../graph/scope.ts';
import { refused } from '../policy/breaker.ts';
import type { Run } from '../run/run.ts';
import type { NodeTrace, RunTrace } from '../run/trace.ts';

/** An entry is so much older or younger than it must be. */
const marginMs = 0.001;

/** Before `run`, of the new `graph`, begins at 0. `trace`: with values. */
export function restorePolicies({ nodes }: Graph, run: Run, trace: RunTrace): void {
  const recorded = new Map(trace.nodes.map((node) => [node.name, node]));
  const values = new Array<unknown>(run.values.length).fill(undefined);
  values[requestSlot] = run.values[requestSlot];
  values[parametersSlot] = run.values[parametersSlot];
  for (const { name, index } of nodes) values[firstNodeSlot + index] = recorded.get(name)?.value;
  for (const node of nodes) {
    const found = recorded.get(node.name);
    if (found === undefined) continue;
    fillCache(node, found, run, values);
    if (wasRefused(found) || wasCancelledWithoutAttempt(found)) refuse(node, found);
  }
}

/** A value that was fresh, or an old one that stood in. */
function fillCache(node: GraphNode, found: NodeTrace, run: Run, values: readonly unknown[]): void {
  const { cache, cacheKey, definition } = node;
  if (cache === undefined || cacheKey === undefined || found.value === undefined) return;
  const wasFresh = found.cached && found.startMs === found.endMs;
  if (!wasFresh && !found.marks.includes('stale')) return;
  let key: unknown;
  try {
    key = cacheKey(values);
  } catch {
    // A key that reads what was not recorded, of another version: the node runs, and the replay says so.
    return;
  }
  if (typeof key !== 'string' && typeof key !== 'number') return;
  const { ttlMs, staleMs } = definition.cache!;
  // Never fresh, from the beginning of the run, if it can be, and still there when it stood in.
  const oldMs = Math.max(-ttlMs - marginMs, found.endMs - ttlMs - staleMs + marginMs);
  const storedMs = wasFresh ? found.endMs : oldMs;
  cache.store(run.keyWith(node, key), found.value, storedMs);
}

/** It began and failed, and no attempt was made. */
export function wasRefused({ startMs, attempts, cached, failure, marks }: NodeTrace): boolean {
  if (startMs === undefined || attempts.length > 0 || cached) return false;
  // An input that a level changes is marked when it is evaluated: nothing refused the node before.
  if (marks.some((mark) => /^level \d+ input$/.test(mark))) return false;
  return failure !== undefined || marks.some(isFallback);
}

function isFallback(mark: string): boolean {
  return mark === 'stale' || mark === 'value' || mark.startsWith('node ');
}

/** It may have waited for another node since it was refused. */
function wasCancelledWithoutAttempt({ end, startMs, attempts }: NodeTrace): boolean {
  return end === 'cancelled' && startMs !== undefined && attempts.length === 0;
}

/** Behind a fallback the trace does not say what refused it: whichever can, does again. */
function refuse({ breaker, limiter }: GraphNode, { failure, startMs = 0 }: NodeTrace): void {
  const code = failure?.code;
  if (breaker !== undefined && (code === undefined || code === 'UNAVAILABLE')) {
    for (let ticket = breaker.admit(startMs); ticket !== refused; ticket = breaker.admit(startMs)) {
      breaker.ended(ticket, false, startMs);
    }
  } else if (limiter !== undefined && (code === undefined || code === 'RESOURCE_EXHAUSTED')) {
    while (limiter.enter());
  }
}
