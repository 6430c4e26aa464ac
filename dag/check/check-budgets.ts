// Budgets: times that can't be kept: timeouts beyond the budget, a reserve that leaves nothing, estimates that add up to
// more than there is, attempts that no timeout has room for.

import { formatDuration } from '../../runtime/units.ts';
import type { NodeDefinition } from '../definition.ts';
import type { Subject } from './subject.ts';

export function checkBudgets(subject: Subject): void {
  const { totalMs, reserveMs } = subject.definition.budget;
  const availableMs = totalMs - reserveMs;
  if (Number.isFinite(totalMs) && availableMs <= 0) {
    const [reserve, total] = [msText(reserveMs), msText(totalMs)];
    subject.report.add(
      'budget.reserve',
      `a reserve of ${reserve} leaves nothing of the total of ${total} to the nodes; it must be shorter`,
    );
  } else {
    checkEstimates(subject, availableMs);
  }
  checkTimeouts(subject, totalMs);
  for (const node of subject.definition.nodes) {
    checkAttempts(subject, node, Math.min(node.timeoutMs ?? Number.POSITIVE_INFINITY, totalMs));
    if (node.estimateMs !== undefined && node.timeoutMs !== undefined && node.estimateMs > node.timeoutMs) {
      const [estimate, timeout] = [msText(node.estimateMs), msText(node.timeoutMs)];
      const where = subject.isWritten(node.name, 'estimate') ? `nodes.${node.name}.estimate` : `nodes.${node.name}~key`;
      subject.report.add(
        where,
        `${node.name} usually takes ${estimate}, longer than its timeout of ${timeout}: it would nearly always fail`,
      );
    }
  }
}

/** A timeout of `defaults` is told once, there. */
function checkTimeouts(subject: Subject, totalMs: number): void {
  const paths = new Set<string>();
  for (const { name, timeoutMs } of subject.definition.nodes) {
    if (timeoutMs === undefined || timeoutMs <= totalMs) continue;
    const path = subject.isWritten(name, 'timeout') ? `nodes.${name}.timeout` : 'defaults.timeout';
    if (paths.has(path)) continue;
    paths.add(path);
    const whose = path === 'defaults.timeout' ? 'a timeout' : `the timeout of ${name}`;
    subject.report.add(
      path,
      `${whose}, ${msText(timeoutMs)}, is longer than budget.total, ${msText(totalMs)}: it would never be reached`,
    );
  }
}

function checkAttempts(subject: Subject, { name, retry, hedge }: NodeDefinition, timeMs: number): void {
  if (!Number.isFinite(timeMs)) return;
  if (retry !== undefined && retry.attempts > 1 && retry.backoffMs > 0) {
    const fitting = attemptsWithin(retry.backoffMs, timeMs);
    if (fitting < retry.attempts) {
      const path = ['retry.backoff', 'retry'].find((key) => subject.isWritten(name, key));
      subject.report.add(
        path === undefined ? `nodes.${name}~key` : `nodes.${name}.${path}`,
        `${name} has ${msText(timeMs)} for all its attempts, and with a backoff of ${msText(retry.backoffMs)}, which doubles, attempt ${fitting + 1} of ${retry.attempts} comes too late; shorten backoff or lengthen timeout`,
      );
    }
  }
  if (hedge !== undefined && hedge.minimumMs >= timeMs) {
    const path = ['hedge.minimum', 'hedge'].find((key) => subject.isWritten(name, key));
    subject.report.add(
      path === undefined ? `nodes.${name}~key` : `nodes.${name}.${path}`,
      `${name} is never hedged: it has ${msText(timeMs)}, and no hedge goes out before ${msText(hedge.minimumMs)}`,
    );
  }
}

/** So many attempts can begin within a time, were each to fail at once. */
function attemptsWithin(backoffMs: number, timeMs: number): number {
  let attempts = 1;
  for (let pauseMs = backoffMs, startMs = pauseMs; startMs < timeMs && attempts < 10; startMs += pauseMs) {
    attempts++;
    pauseMs *= 2;
  }
  return attempts;
}

interface Way {
  readonly ms: number;
  /** From the first node to the last. */
  readonly names: readonly string[];
}

const nothing: Way = { ms: 0, names: [] };

function checkEstimates(subject: Subject, availableMs: number): void {
  if (!Number.isFinite(availableMs)) return;
  const known = new Map<string, Way>();
  const wayOf = (name: string): Way => {
    const node = subject.nodes.get(name);
    const before = known.get(name);
    if (before !== undefined || node === undefined) return before ?? nothing;
    // A cycle, which is reported as one, adds nothing.
    known.set(name, nothing);
    const ways = node.hard.map(wayOf).sort((left, right) => left.ms - right.ms);
    const waited = waitedFor(node, ways);
    const soft = node.soft.map(wayOf);
    const longestBefore = longest([...(waited === undefined ? [] : [waited]), ...soft]);
    const ownMs = usualMs(subject, node);
    const way = {
      ms: longestBefore.ms + ownMs,
      names: ownMs > 0 ? [...longestBefore.names, name] : longestBefore.names,
    };
    known.set(name, way);
    return way;
  };
  const { ms, names } = longest(subject.definition.outputNeeds.map(wayOf));
  if (ms <= availableMs) return;
  const parts = names.map((name) => `${name} ${msText(usualMs(subject, subject.nodes.get(name)!))}`);
  const place = ['budget.total', 'budget'].find((path) => subject.report.places.has(path)) ?? 'strategy';
  subject.report.add(
    place,
    `the nodes one after the other usually take ${msText(ms)}, more than the ${msText(availableMs)} that the budget leaves them: ${parts.join(' → ')}`,
  );
}

/** The one of the hard ways, by rising length, that decides when the join is met. */
function waitedFor({ join }: NodeDefinition, ways: readonly Way[]): Way | undefined {
  if (join.kind === 'any') return ways[0];
  return join.kind === 'quorum' ? ways[Math.min(join.count, ways.length) - 1] : ways.at(-1);
}

function longest(ways: readonly Way[]): Way {
  return ways.reduce((left, right) => (right.ms > left.ms ? right : left), nothing);
}

/** What a node usually takes; short of time, its light variant runs. */
function usualMs(subject: Subject, node: NodeDefinition): number {
  const own = Math.min(node.estimateMs ?? 0, node.timeoutMs ?? Number.POSITIVE_INFINITY);
  const light = node.light === undefined ? undefined : subject.nodes.get(node.light);
  return light === undefined ? own : Math.min(own, light.estimateMs ?? 0);
}

/** `2.5ms`, `1s`. */
export function msText(ms: number): string {
  return Number.isInteger(ms) ? formatDuration(ms) : `${Number(ms.toFixed(3))}ms`;
}
