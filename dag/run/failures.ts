// Failures of runs: errors that name strategy, node and cause.

import { HeddleError } from '../../runtime/errors.ts';
import type { GraphNode } from '../graph/graph-node.ts';

/** An expression of the graph failed: a mistake of the graph, whatever the request. */
export function expressionFailed(node: string, what: string, reason: unknown): HeddleError {
  const text = reason instanceof Error ? reason.message : String(reason);
  return new HeddleError('INTERNAL', `${what} of ${node}: ${text}`, { retry: 'no', cause: reason });
}

export function noTimeLeft(node: GraphNode, lateMs: number): HeddleError {
  return new HeddleError(
    'DEADLINE_EXCEEDED',
    `${node.name} had no time left to begin, ${lateMs.toFixed(1)} ms too late for what follows it; raise budget.total or shorten what comes before`,
  );
}

export function breakerOpen(node: GraphNode): HeddleError {
  return new HeddleError(
    'UNAVAILABLE',
    `the breaker of ${node.name} is open: too many of its calls failed; give it a fallback, or wait until it closes`,
  );
}

export function tooMany(node: GraphNode, max: number): HeddleError {
  return new HeddleError(
    'RESOURCE_EXHAUSTED',
    `${node.name} already runs ${max} times on this thread, its concurrency; raise it, or give the node a fallback`,
  );
}

/** A node that should have stood in was skipped. */
export function skippedStandIn(by: GraphNode): HeddleError {
  return new HeddleError('UNAVAILABLE', `${by.name} was skipped`);
}

/** It waited for an equal run, and its own deadline came first. */
export function outOfTime(node: GraphNode): HeddleError {
  return new HeddleError(
    'DEADLINE_EXCEEDED',
    `${node.name} waited for an equal run until its own deadline; raise its timeout, or give it a fallback`,
  );
}

/** `node` can't run because `root` failed, whatever stands between them. */
export function failedBefore(node: GraphNode, root: GraphNode, error: HeddleError): HeddleError {
  return new HeddleError(error.code, `${node.name} failed at ${root.name}: ${error.message}`, {
    retry: 'no',
    cause: error,
  });
}

/** The output needs `at`, which failed by itself or because `root` did. */
export function strategyFailed(strategy: string, at: GraphNode, root: GraphNode, error: HeddleError): HeddleError {
  const which = at === root ? '' : `, which ${at.name} needs`;
  return new HeddleError(error.code, `${strategy} failed at ${root.name}${which}: ${error.message}`, { cause: error });
}

export function outputSkipped(strategy: string, at: GraphNode): HeddleError {
  return new HeddleError(
    'FAILED_PRECONDITION',
    `${strategy} has no output: ${at.name}, which it needs, was skipped; give the output another source for this case`,
    { retry: 'no' },
  );
}

export function notAList(node: GraphNode, found: unknown): HeddleError {
  const what = found === null ? 'null' : typeof found;
  return new HeddleError('INTERNAL', `foreach of ${node.name} goes over a list, this is ${what}`, { retry: 'no' });
}

export function tooManyItems(node: GraphNode, items: number, max: number): HeddleError {
  return new HeddleError(
    'RESOURCE_EXHAUSTED',
    `foreach of ${node.name} has ${items} items, its maxItems is ${max}; cut the list before, or raise maxItems`,
    { retry: 'no' },
  );
}
