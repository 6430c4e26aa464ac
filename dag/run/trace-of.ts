// traceOf: what a run did, as plain data. Made when a run has ended and somebody wants to see it.

import type { HeddleError } from '../../runtime/errors.ts';
import type { Data } from '../definition.ts';
import type { Assignment } from '../experiment/assignment.ts';
import { firstNodeSlot, parametersSlot, requestSlot } from '../graph/scope.ts';
import type { DataBudget } from './bounded-data.ts';
import type { Run } from './run.ts';
import type { AttemptTrace, Failure, NodeEnd, NodeTrace, RunTrace } from './trace.ts';
import type { Tries } from './tries.ts';

export interface TraceOptions {
  version: number;
  /** Wall clock when the run began, ms since 1970. */
  startedAt: number;
  /** With the values of nodes, the request and the result. */
  values: boolean;
  /** Keeps the trace small, for traces of live runs: values, attempts and messages are cut. Default: all is whole. */
  bounds?: DataBudget;
}

/** Of a bounded trace: attempts of all its nodes, the first. */
export const attemptsMax = 1024;
/** Of a bounded trace: characters of a failure's message. */
export const messageMax = 1024;

/** Of a run that has ended. */
export function traceOf(run: Run, endMs: number, options: TraceOptions): RunTrace {
  const { graph, outcome, values } = run;
  const critical = criticalPathOf(run);
  const { params, exposures } = parametersOf(run);
  const writer = new Writer(options.bounds);
  const failure = outcome.how === 'failed' ? writer.failure(outcome.error) : undefined;
  // First: where there is room for some values only, these say most.
  const whole = options.values
    ? {
        request: writer.data(values[requestSlot]),
        result: outcome.how === 'done' ? writer.data(outcome.value) : null,
      }
    : {};
  return {
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
      .map(({ index }) => nodeTrace(run, index, critical.includes(index), options.values, writer)),
    path: run.path.map((index) => graph.nodes[index]!.name),
    degraded: run.marks ?? [],
    criticalPath: critical.map((index) => graph.nodes[index]!.name),
    ...whole,
  };
}

/** Puts values, attempts and failures into a trace, whole or within its bounds. */
class Writer {
  readonly #bounds: DataBudget | undefined;
  #attemptsLeft: number;

  constructor(bounds: DataBudget | undefined) {
    this.#bounds = bounds;
    this.#attemptsLeft = bounds === undefined ? Number.POSITIVE_INFINITY : attemptsMax;
  }

  data(value: unknown): Data {
    return this.#bounds === undefined ? plain(value) : this.#bounds.take(value);
  }

  failure({ code, message }: HeddleError): Failure {
    const isLong = this.#bounds !== undefined && message.length > messageMax;
    return { code, message: isLong ? `${message.slice(0, messageMax - 1)}…` : message };
  }

  /** How many of so many attempts it may have. */
  attempts(count: number): number {
    const given = Math.min(count, this.#attemptsLeft);
    this.#attemptsLeft -= given;
    return given;
  }
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

function nodeTrace(run: Run, index: number, critical: boolean, withValue: boolean, writer: Writer): NodeTrace {
  const { state, startMs: begin } = run;
  const { name } = run.graph.nodes[index]!;
  const after = state.after(index);
  const startMs = state.startMs(index);
  const error = state.is(index, 'failed') ? run.errors?.[index] : undefined;
  const attempts = attemptsOf(run, index, writer);
  const leftOut = attempts.length - writer.attempts(attempts.length);
  const trace = {
    name,
    // A run that has ended has no node under way.
    end: state.of(index) as NodeEnd,
    demandedMs: Number.isNaN(state.demandedMs(index)) ? 0 : state.demandedMs(index) - begin,
    startMs: Number.isNaN(startMs) ? undefined : startMs - begin,
    endMs: state.endMs(index) - begin,
    attempts: leftOut === 0 ? attempts : attempts.slice(0, attempts.length - leftOut),
    ...(leftOut === 0 ? {} : { attemptsLeftOut: leftOut }),
    failure: error === undefined ? undefined : writer.failure(error),
    marks: (run.marks ?? []).filter((mark) => mark.startsWith(`${name}: `)).map((mark) => mark.slice(name.length + 2)),
    cached: run.works?.[index]?.cached ?? false,
    after: after < 0 ? undefined : run.graph.nodes[after]!.name,
    critical,
  };
  return withValue && state.is(index, 'done')
    ? { ...trace, value: writer.data(run.values[firstNodeSlot + index]) }
    : trace;
}

function attemptsOf(run: Run, index: number, writer: Writer): AttemptTrace[] {
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
      failure: error === undefined ? undefined : writer.failure(error),
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
      failure: error === undefined ? undefined : writer.failure(error),
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

/** As JSON would carry it; null for what it can't. */
function plain(value: unknown): Data {
  try {
    const text = JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
    return text === undefined ? null : (JSON.parse(text) as Data);
  } catch {
    return null;
  }
}
