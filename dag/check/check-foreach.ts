// Foreach: bounds of lists that multiply, quorums over their lists.

import type { NodeDefinition } from '../definition.ts';
import { nestedItemsMax } from './known.ts';
import type { Subject } from './subject.ts';

export function checkForeach(subject: Subject): void {
  for (const { name, foreach } of subject.definition.nodes) {
    if (foreach === undefined) continue;
    const path = `nodes.${name}.foreach`;
    const { quorum, maxItems } = foreach;
    if (quorum !== undefined && quorum > maxItems && subject.isWritten(name, 'foreach.maxItems')) {
      subject.report.add(
        `${path}.quorum`,
        `${quorum} items of ${name} can never succeed: maxItems lets the list have ${maxItems} at most`,
      );
    }
    if (quorum === undefined && foreach.failed === 'drop' && subject.isWritten(name, 'foreach.failed')) {
      subject.report.add(
        `${path}.failed`,
        `${name} fails as soon as one item fails, so nothing is ever dropped: say with quorum how many must succeed`,
      );
    }
  }
}

/** Over strategies that run each other item by item. */
export function checkNestedForeach(subjects: ReadonlyMap<string, Subject>): void {
  const waysOf = new Map<string, Way>();
  const within = (name: string): Way => {
    const subject = subjects.get(name);
    const known = waysOf.get(name);
    if (known !== undefined || subject === undefined) return known ?? single;
    // A cycle, which is reported as one.
    waysOf.set(name, single);
    const way = subject.definition.nodes.map((node) => wayOf(node, name, within)).reduce(larger, single);
    waysOf.set(name, way);
    return way;
  };
  for (const [name, subject] of subjects) {
    for (const node of subject.definition.nodes) {
      const { work, foreach } = node;
      if (work.kind !== 'strategy' || foreach === undefined) continue;
      const way = wayOf(node, name, within);
      // Where the parts alone are too many, they were told.
      if (way.items <= nestedItemsMax || within(work.strategy).items > nestedItemsMax) continue;
      subject.report.add(
        `nodes.${node.name}.foreach.maxItems`,
        `one run could make ${counted(way.items)} items, more than ${counted(nestedItemsMax)}: ${way.steps.join(' × ')}; lower one of the maxItems`,
      );
    }
  }
}

interface Way {
  readonly items: number;
  readonly steps: readonly string[];
}

const single: Way = { items: 1, steps: [] };

function wayOf({ name, work, foreach }: NodeDefinition, strategy: string, within: (name: string) => Way): Way {
  const inner = work.kind === 'strategy' ? within(work.strategy) : single;
  if (foreach === undefined) return inner;
  const { maxItems } = foreach;
  return { items: inner.items * maxItems, steps: [`${counted(maxItems)} of ${strategy}.${name}`, ...inner.steps] };
}

function larger(left: Way, right: Way): Way {
  return right.items > left.items ? right : left;
}

function counted(count: number): string {
  return count.toLocaleString('en-US');
}
