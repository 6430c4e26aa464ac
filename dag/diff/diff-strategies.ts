// diffStrategies: what changes between two versions of a set of strategies, node by node and share by share. For
// `dag diff`, for the log line of a publish and for the admin; on whatever thread asks.

import { isDeepStrictEqual } from 'node:util';
import type { ValueShape } from '../../runtime/value-shape.ts';
import type { NodeDefinition, StrategyDefinition, TestDefinition } from '../definition.ts';
import { formatType } from '../expression/types.ts';
import { dataChanges, setChange, textChange } from './data-changes.ts';
import { diffDegrade } from './degrade-changes.ts';
import { diffLayers } from './layer-changes.ts';
import { movedNames } from './moved-names.ts';
import { diffNodes } from './node-changes.ts';
import type { ChangedStrategy, StrategiesDiff, StrategyDiff, TestsDiff, TextChange } from './strategies-diff.ts';
import { templateChanges } from './template-changes.ts';

/** What differs; an empty list when nothing does. Where they were written counts as nothing, and so do most orders. */
export function diffStrategies(
  before: readonly StrategyDefinition[],
  after: readonly StrategyDefinition[],
): StrategiesDiff {
  const was = new Map(before.map((strategy) => [strategy.name, strategy]));
  const now = new Set(after.map(({ name }) => name));
  const kept = after.flatMap((strategy): StrategyDiff[] => {
    const old = was.get(strategy.name);
    if (old === undefined) return [whole(strategy, 'added')];
    const diff = changedStrategy(old, strategy);
    return isEmpty(diff) ? [] : [diff];
  });
  const removed = before.filter(({ name }) => !now.has(name)).map((strategy) => whole(strategy, 'removed'));
  return { strategies: [...kept, ...removed] };
}

function whole({ name, nodes }: StrategyDefinition, change: 'added' | 'removed'): StrategyDiff {
  return { strategy: name, change, nodes: nodes.map((node) => node.name) };
}

function changedStrategy(before: StrategyDefinition, after: StrategyDefinition): ChangedStrategy {
  const diff: ChangedStrategy = {
    strategy: after.name,
    change: 'changed',
    fields: [
      ...shapeChanges('request', before.request, after.request),
      ...templateChanges('output', before.output, after.output),
      ...setChange('output needs', before.outputNeeds, after.outputNeeds),
      ...setChange('report', before.report, after.report),
      ...dataChanges([], otherFields(before), otherFields(after)),
    ],
    nodes: diffNodes(before.nodes, after.nodes),
    moved: [],
    degrade: diffDegrade(before.degrade, after.degrade),
    ...diffLayers(before.layers, after.layers),
    tests: diffTests(before.tests, after.tests),
  };
  // Where something else changed, an order that differs is a consequence of it, or not worth a line.
  return isEmpty(diff) ? { ...diff, moved: movedNames(namesOf(before.nodes), namesOf(after.nodes)) } : diff;
}

function isEmpty({ fields, nodes, moved, degrade, experiments, layers, tests }: ChangedStrategy): boolean {
  const shares = experiments === undefined ? [] : Object.values(experiments).flat();
  const lists = [fields, nodes, moved, degrade, shares, layers, tests.added, tests.removed, tests.changed];
  return lists.every((list) => list.length === 0);
}

/** Fields that need no words of their own: description, budget. */
function otherFields(strategy: StrategyDefinition): object {
  const { name: _name, origin: _origin, request: _request, output: _output, outputNeeds: _needs, ...rest } = strategy;
  const { nodes: _nodes, degrade: _degrade, layers: _layers, tests: _tests, report: _report, ...others } = rest;
  return others;
}

function namesOf(nodes: readonly NodeDefinition[]): string[] {
  return nodes.map(({ name }) => name);
}

function shapeChanges(field: string, before: ValueShape | undefined, after: ValueShape | undefined): TextChange[] {
  if (before?.kind !== 'record' || after?.kind !== 'record') return textChange(field, before, after, formatType);
  const names = new Set([...Object.keys(after.fields), ...Object.keys(before.fields)]);
  return [...names].flatMap((name) => shapeChanges(`${field}.${name}`, fieldOf(before, name), fieldOf(after, name)));
}

function fieldOf({ fields }: ValueShape & { kind: 'record' }, name: string): ValueShape | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function diffTests(before: readonly TestDefinition[], after: readonly TestDefinition[]): TestsDiff {
  const [was, now] = [byName(before), byName(after)];
  const names = [...now.keys()];
  return {
    before: before.length,
    after: after.length,
    added: names.filter((name) => !was.has(name)),
    removed: [...was.keys()].filter((name) => !now.has(name)),
    changed: names.filter((name) => was.has(name) && !isDeepStrictEqual(was.get(name), now.get(name))),
  };
}

/** All tests of a name, without where they stand. */
function byName(tests: readonly TestDefinition[]): Map<string, object[]> {
  const named = new Map<string, object[]>();
  for (const { where: _, ...test } of tests) {
    const same = named.get(test.name) ?? [];
    named.set(test.name, [...same, test]);
  }
  return named;
}
