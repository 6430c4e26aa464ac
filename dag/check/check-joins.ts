// Joins: needs that say one thing twice or contradict themselves, and joins that can't be met.

import type { Subject } from './subject.ts';

export function checkJoins(subject: Subject): void {
  for (const { name, hard, join } of subject.definition.nodes) {
    checkNeeds(subject, name);
    if (subject.isIncomplete) continue;
    const path = `nodes.${name}.join`;
    if ((join.kind === 'any' || join.kind === 'quorum') && hard.length === 0) {
      const written = join.kind === 'quorum' ? `quorum ${join.count}` : join.kind;
      subject.report.add(
        path,
        `join: ${written} of ${name} has nothing to choose from: no node is needed without a ?; take the ? off, or take join out`,
      );
    } else if (join.kind === 'quorum' && join.count > hard.length) {
      const count = hard.length === 1 ? 'one node' : `${hard.length} nodes`;
      subject.report.add(
        path,
        `join: quorum ${join.count} of ${name} can never be met: it needs ${count} without a ?, ${hard.join(', ')}`,
      );
    }
  }
}

function checkNeeds(subject: Subject, node: string): void {
  const seen = new Map<string, boolean>();
  for (const { name, path, optional } of subject.needsOf(node)) {
    const before = seen.get(name);
    seen.set(name, optional);
    if (before === optional) subject.report.add(path, `${name} stands in needs of ${node} a second time`);
    else if (before !== undefined) {
      subject.report.add(
        path,
        `${node} needs ${name} and can do without it, both at once: write ${name} or ${name}?, not both`,
      );
    }
  }
}
