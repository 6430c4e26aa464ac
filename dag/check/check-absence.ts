// Absence: a dependency that may have no value when a node runs must be read as one that may lack.

import type { NodeDefinition } from '../definition.ts';
import type { Name } from '../expression/ast.ts';
import { absentReads, provenBy, without } from './absent-reads.ts';
import { freeNames, wholeQuestions } from './free-names.ts';
import type { Site } from './sites.ts';
import type { Subject } from './subject.ts';

export function checkAbsence(subject: Subject): void {
  const skippable = skippableNodes(subject);
  for (const node of subject.definition.nodes) {
    const reads = readsOf(subject, node);
    const reasons = absentReasons(subject, node, skippable);
    for (const { site, read } of reads) {
      const { path, expression } = site;
      for (const { name, start, end } of read(new Set(reasons.keys()))) {
        subject.report.addWithin(
          path,
          expression.text,
          start,
          end,
          `${name} may be absent here, since ${reasons.get(name)}: read ${name}.?field.orValue(…), or ask first: has(${name}) ? … : …`,
        );
      }
    }
    checkForgotten(subject, node, reads, skippable);
  }
  checkOutput(subject);
}

interface SiteReads {
  readonly site: Site;
  /** Where one of `absent` is read as if it were there. */
  readonly read: (absent: ReadonlySet<string>) => Name[];
}

/** A node whose `when` asks for a dependency runs only when that is there. */
function readsOf(subject: Subject, node: NodeDefinition): SiteReads[] {
  const sites = subject.sites.filter((site) => site.node === node);
  const when = sites.find(({ part }) => part === 'when');
  const proven = when === undefined ? new Set<string>() : provenBy(when.expression.root, true);
  return sites.map((site) => ({
    site,
    read: (absent) => absentReads(site.expression.root, site.part === 'when' ? absent : without(absent, proven)),
  }));
}

/** Of one that may be skipped, everything is read as if it may lack; but needed as it is, it takes the reader with it. */
function checkForgotten(
  subject: Subject,
  { name, hard, join }: NodeDefinition,
  reads: readonly SiteReads[],
  skippable: ReadonlySet<string>,
): void {
  if (join.kind !== 'all') return;
  const written = new Set(subject.needsOf(name).map((need) => need.name));
  for (const other of hard) {
    if (!skippable.has(other) || written.has(other) || other === name) continue;
    const mine = reads.filter(({ site }) => freeNames(site.expression.root).some((free) => free.name === other));
    if (mine.length === 0 || mine.some(({ read }) => read(new Set([other])).length > 0)) continue;
    subject.addAt(
      subject.dependencyAt(name, other),
      `${other} may be skipped, and ${name} needs it, so ${name} is skipped too, however ${other} is read: write needs: [${other}?] to go on without it, or needs: [${other}] if that is meant`,
    );
  }
}

/** The output is made only when all that it names is there. */
function checkOutput(subject: Subject): void {
  for (const { part, path, expression } of subject.sites) {
    if (part !== 'output') continue;
    for (const { name, start, end } of wholeQuestions(expression.root)) {
      if (!subject.nodes.has(name)) continue;
      subject.report.addWithin(
        path,
        expression.text,
        start,
        end,
        `has(${name}) is always true here: the output needs ${name}, and a run without it fails; make the value in a node that has needs: [${name}?]`,
      );
    }
  }
}

/** Names that may have no value when the node runs, and why. */
function absentReasons(subject: Subject, node: NodeDefinition, skippable: ReadonlySet<string>): Map<string, string> {
  const { name, hard, soft, join } = node;
  const reasons = new Map<string, string>();
  const needs = subject.needsOf(name);
  for (const other of soft) {
    // One that reads its own value is told that.
    if (other === name) continue;
    const isWritten = needs.some((need) => need.name === other);
    const why = isWritten
      ? `${name} goes on without it (${other}? in needs)`
      : `${name} goes on without what only its fallbacks read`;
    reasons.set(other, why);
  }
  switch (join.kind) {
    case 'all':
      break;
    case 'none_failed':
      for (const other of hard)
        if (skippable.has(other)) reasons.set(other, 'join: none_failed goes on when it was skipped');
      break;
    case 'any':
      if (hard.length === 1) break;
      for (const other of hard) reasons.set(other, `join: any runs ${name} as soon as one of its nodes is done`);
      break;
    case 'quorum':
      if (join.count >= hard.length) break;
      for (const other of hard) {
        reasons.set(other, `join: quorum ${join.count} runs ${name} without waiting for all of its nodes`);
      }
  }
  return reasons;
}

/** Nodes that some run skips: by `when`, by a level, or since a node that they need was skipped. */
function skippableNodes({ definition }: Subject): Set<string> {
  const skipped = new Set(definition.degrade.levels.flatMap(({ skip }) => skip));
  for (const { name, when } of definition.nodes) if (when !== undefined) skipped.add(name);
  for (let size = -1; size !== skipped.size; ) {
    size = skipped.size;
    for (const { name, hard, join } of definition.nodes) {
      if (join.kind !== 'none_failed' && hard.some((other) => skipped.has(other))) skipped.add(name);
    }
  }
  return skipped;
}
