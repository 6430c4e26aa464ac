// traceOf: what a run did, as plain data. Made when a run has ended and somebody wants to see it.

import type { HeddleError } from '../../runtime/errors.ts';
import type { Data } from '../definition.ts';
import type { Assignment } from '../experiment/assignment.ts';
import { firstNodeSlot, parametersSlot, requestSlot } from '../graph/scope.ts';
import type { Run } from './run.ts';
import type { AttemptTrace, Failure, NodeEnd, NodeTrace, RunTrace } from './trace.ts';
import type { Tries } from './tries.ts';

export interface TraceOptions {
  version: number;
  /** Wall clock when the run began, ms since 1970. */
  startedAt: number;
  /** With the values of nodes, the request and the result. */
  values: boolean;
}

/** Of a run that has ended. */
export function traceOf(run: Run, endMs: number, options: TraceOptions): RunTrace {
  const { graph, outcome, values } = run;
  const critical = criticalPathOf(run);
  const { params, exposures } = parametersOf(run);
  const failure = outcome.how === 'failed' ? failureOf(outcome.error) : undefined;
  const trace = {
    strategy: graph.name,
    version: options.version,
    startedAt: options.startedAt,
    durationMs: endMs - run.startMs,
    ...deadlineOf(run),
    level: run.level,
    params,
    exposures,
    failure,
    nodes: graph.nodes
      .filter(({ index }) => run.state.of(index) !== 'idle')
      .map(({ index }) => nodeTrace(run, index, critical.includes(index), options.values)),
    path: run.path.map((index) => graph.nodes[index]!.name),
    degraded: run.marks ?? [],
    criticalPath: critical.map((index) => graph.nodes[index]!.name),
  };
  if (!options.values) return trace;
  return {
    ...trace,
    request: plain(values[requestSlot]),
    result: outcome.how === 'done' ? plain(outcome.value) : null,
  };
}

function deadlineOf({ deadlineMs, startMs }: Run): Pick<RunTrace, 'deadlineMs'> {
  return deadlineMs === Number.POSITIVE_INFINITY ? {} : { deadlineMs: deadlineMs - startMs };
}

/** Indexes of the nodes that decided when the run ended, from the first to the last. */
export function criticalPathOf(run: Run): number[] {
  const path: number[] = [];
  // A node comes after what it depends on and after what it adopts, so this ends; the bound is against a mistake here.
  for (let at = run.decidedBy; at >= 0 && path.length < run.graph.nodes.length; at = run.state.after(at)) path.push(at);
  return path.reverse();
}

function nodeTrace(run: Run, index: number, critical: boolean, withValue: boolean): NodeTrace {
  const { state, startMs: begin } = run;
  const { name } = run.graph.nodes[index]!;
  const after = state.after(index);
  const startMs = state.startMs(index);
  const error = state.is(index, 'failed') ? run.errors?.[index] : undefined;
  const trace = {
    name,
    // A run that has ended has no node under way.
    end: state.of(index) as NodeEnd,
    demandedMs: Number.isNaN(state.demandedMs(index)) ? 0 : state.demandedMs(index) - begin,
    startMs: Number.isNaN(startMs) ? undefined : startMs - begin,
    endMs: state.endMs(index) - begin,
    attempts: attemptsOf(run, index),
    failure: error === undefined ? undefined : failureOf(error),
    marks: (run.marks ?? []).filter((mark) => mark.startsWith(`${name}: `)).map((mark) => mark.slice(name.length + 2)),
    cached: run.works?.[index]?.cached ?? false,
    after: after < 0 ? undefined : run.graph.nodes[after]!.name,
    critical,
  };
  return withValue && state.is(index, 'done') ? { ...trace, value: plain(run.values[firstNodeSlot + index]) } : trace;
}

function attemptsOf(run: Run, index: number): AttemptTrace[] {
  const { state, startMs: begin } = run;
  const work = run.works?.[index];
  const own: AttemptTrace[] = [];
  if (!state.mayUseToken(index)) {
    const endMs = state.attemptEndMs(index);
    const error = endMs === undefined ? undefined : run.errors?.[index];
    own.push({
      hedge: false,
      item: undefined,
      startMs: state.attemptStartMs(index) - begin,
      endMs: endMs === undefined ? undefined : endMs - begin,
      failure: error === undefined ? undefined : failureOf(error),
    });
  }
  const tries: Tries[] = [];
  for (let one = work; one !== undefined; one = one.before) tries.push(...one.tries);
  const tried = tries.flatMap(({ item, attempts }) => attempts.map((attempt) => ({ item, ...attempt })));
  // Tokens are given in the order in which attempts start.
  tried.sort((left, right) => left.token - right.token);
  return own.concat(
    tried.map(({ item, hedge, startMs, endMs, error }) => ({
      hedge,
      item,
      startMs: startMs - begin,
      endMs: Number.isNaN(endMs) ? undefined : endMs - begin,
      failure: error === undefined ? undefined : failureOf(error),
    })),
  );
}

function parametersOf({ graph, values }: Run): Pick<RunTrace, 'params' | 'exposures'> {
  const found = values[parametersSlot];
  if (graph.experiments === undefined || !isAssignment(found)) return { params: {}, exposures: [] };
  const params = graph.experiments.parameters.map((name) => [name, found.peek(name)] as const);
  return { params: Object.fromEntries(params), exposures: found.exposures() };
}

function isAssignment(value: unknown): value is Assignment<readonly unknown[]> {
  return typeof value === 'object' && value !== null && 'peek' in value && 'exposures' in value;
}

function failureOf({ code, message }: HeddleError): Failure {
  return { code, message };
}

/** As JSON would carry it; null for what it can't. */
function plain(value: unknown): Data {
  try {
    const text = JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
    return text === undefined ? null : (JSON.parse(text) as Data);
  } catch {
    return null;
  }
}
