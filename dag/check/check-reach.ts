// Reach: nodes that no run would ever demand.

import { edgesAt, reachable } from './edges.ts';
import type { Subject } from './subject.ts';

/** Where a name is wrong, or nothing is output, the way to the output is not what was meant: then nothing is said. */
export function checkReach(subject: Subject): void {
  if (subject.isIncomplete) return;
  const { outputNeeds, degrade, nodes } = subject.definition;
  const levels = [0, ...degrade.levels.map(({ level }) => level)].map((level) => edgesAt(subject, level));
  const next = (name: string) => levels.flatMap((edges) => (edges.get(name) ?? []).map(({ to }) => to));
  const used = reachable(outputNeeds, next);
  for (const { name } of nodes) {
    if (used.has(name)) continue;
    subject.report.add(
      `nodes.${name}~key`,
      `${name} never runs: neither the output nor a node on the way to it needs ${name}, and it stands in for none of them; use it or take it out`,
    );
  }
}
