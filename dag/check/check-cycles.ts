// Cycles: nodes that wait for each other, over dependencies and over nodes that stand in for others, at each level of
// degradation; and strategies that run each other. A cycle is told once, with its path.

import { type Edge, edgesAt, reachable } from './edges.ts';
import type { Subject } from './subject.ts';

export function checkCycles(subject: Subject): void {
  const told = new Set<string>();
  const levels = [0, ...subject.definition.degrade.levels.map(({ level }) => level)];
  for (const level of levels) {
    const edges = edgesAt(subject, level);
    for (const cycle of cyclesOf(subject.names, (name) => (edges.get(name) ?? []).map(({ to }) => to))) {
      // At higher levels the same circle comes again, perhaps by another way.
      if (cycle.some((name) => told.has(name))) continue;
      for (const name of cycle) told.add(name);
      tellCycle(subject, cycle, edges, level);
    }
  }
}

function tellCycle(
  subject: Subject,
  cycle: readonly string[],
  edges: ReadonlyMap<string, readonly Edge[]>,
  level: number,
): void {
  const links = cycle.map((name, at) => {
    const next = cycle[(at + 1) % cycle.length]!;
    return { name, edge: edges.get(name)!.find(({ to }) => to === next)! };
  });
  // A node that reads its own value was told by its name.
  if (cycle.length === 1 && links[0]!.edge.at().within !== undefined) return;
  const when = level === 0 ? '' : ` at level ${level}`;
  const path = [...cycle, cycle[0]!].join(' → ');
  // The caret goes where a stand-in closes the circle, if one does: there it is cut most easily.
  const closing = links.find(({ edge }) => edge.how !== 'needs') ?? links[0]!;
  if (cycle.length === 1) {
    subject.addAt(closing.edge.at(), `${closing.name} ${closing.edge.how} itself, so it would wait for ever`);
    return;
  }
  const how = links.map(({ name, edge }) => `${name} ${edge.how} ${edge.to}`).join(', ');
  subject.addAt(closing.edge.at(), `these nodes wait for each other${when}, ${path}: ${how}`);
}

/** Strategies that run each other, over `strategy` nodes. */
export function checkStrategyCycles(subjects: ReadonlyMap<string, Subject>): void {
  const nextOf = (name: string) =>
    (subjects.get(name)?.definition.nodes ?? []).flatMap(({ work }) =>
      work.kind === 'strategy' ? [work.strategy] : [],
    );
  for (const cycle of cyclesOf([...subjects.keys()], nextOf)) {
    const subject = subjects.get(cycle[0]!)!;
    const next = cycle[1] ?? cycle[0]!;
    const node = subject.definition.nodes.find(({ work }) => work.kind === 'strategy' && work.strategy === next)!;
    const path = [...cycle, cycle[0]!].join(' → ');
    const message =
      cycle.length === 1
        ? `the strategy ${next} runs itself, without an end`
        : `these strategies run each other, without an end: ${path}`;
    subject.report.add(`nodes.${node.name}.strategy`, message);
  }
}

/** One cycle of each group of names that lead to each other: a shortest one through the group's first name. */
function cyclesOf(names: readonly string[], next: (name: string) => readonly string[]): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  for (const name of leadingToCycles(names, next)) {
    if (done.has(name)) continue;
    const cycle = shortestCycle(name, next);
    if (cycle === undefined) continue;
    cycles.push(cycle);
    const from = reachable([name], next);
    for (const other of from) if (reachable(next(other), next).has(name)) done.add(other);
  }
  return cycles;
}

/** Mostly none: what a search through each of these would cost is spared for all others. */
function leadingToCycles(names: readonly string[], next: (name: string) => readonly string[]): string[] {
  const leads = new Map<string, boolean>();
  const visit = (name: string): boolean => {
    const known = leads.get(name);
    if (known !== undefined) return known;
    // Whoever comes here again before it is settled has closed a circle.
    leads.set(name, true);
    const does = next(name).some(visit);
    leads.set(name, does);
    return does;
  };
  return names.filter(visit);
}

function shortestCycle(start: string, next: (name: string) => readonly string[]): string[] | undefined {
  const before = new Map<string, string>();
  const queue = [start];
  for (const name of queue) {
    for (const to of next(name)) {
      if (to === start) {
        const cycle = [name];
        while (cycle[0] !== start) cycle.unshift(before.get(cycle[0]!)!);
        return cycle;
      }
      if (before.has(to)) continue;
      before.set(to, name);
      queue.push(to);
    }
  }
  return undefined;
}
