// What differs between the nodes of two versions of a strategy, field by field, and the edges that came and went.

import type { Fallback, Join, NodeDefinition, Work } from '../definition.ts';
import { dataChanges, gainsOf, textChange } from './data-changes.ts';
import type { NodeDiff, TextChange } from './strategies-diff.ts';
import { templateChanges, templateText } from './template-changes.ts';

/** Those that changed: of the new version in their order, then removed ones. */
export function diffNodes(before: readonly NodeDefinition[], after: readonly NodeDefinition[]): NodeDiff[] {
  const was = new Map(before.map((node) => [node.name, node]));
  const now = new Set(after.map(({ name }) => name));
  const kept = after.flatMap((node) => {
    const old = was.get(node.name);
    return old === undefined ? [wholeNode(node, 'added')] : changedNode(old, node);
  });
  return [...kept, ...before.filter(({ name }) => !now.has(name)).map((node) => wholeNode(node, 'removed'))];
}

function wholeNode(node: NodeDefinition, change: 'added' | 'removed'): NodeDiff {
  const text = workText(node.work);
  const field: TextChange = {
    field: 'work',
    before: change === 'removed' ? text : undefined,
    after: change === 'added' ? text : undefined,
  };
  const edges = edgesOf(node);
  return {
    node: node.name,
    change,
    fields: [field],
    edges: { gained: change === 'added' ? edges : [], lost: change === 'removed' ? edges : [] },
  };
}

function changedNode(before: NodeDefinition, after: NodeDefinition): NodeDiff[] {
  const edges = gainsOf(edgesOf(before), edgesOf(after));
  const fields = [
    ...workChanges(before.work, after.work),
    ...templateChanges('input', before.input, after.input),
    ...textChange('join', before.join, after.join, joinText),
    ...textChange('fallback', before.fallback, after.fallback, fallbackText),
    ...dataChanges([], otherFields(before), otherFields(after)),
  ];
  if (fields.length === 0 && edges.gained.length === 0 && edges.lost.length === 0) return [];
  return [{ node: after.name, change: 'changed', fields, edges }];
}

/** Fields that need no words of their own. */
function otherFields(node: NodeDefinition): object {
  const {
    name: _,
    work: _work,
    input: _input,
    join: _join,
    fallback: _fallback,
    hard: _hard,
    soft: _soft,
    ...rest
  } = node;
  return rest;
}

function edgesOf({ hard, soft }: NodeDefinition): string[] {
  return [...hard, ...soft.map((name) => `${name}?`)];
}

function workChanges(before: Work, after: Work): TextChange[] {
  if (before.kind === 'value' && after.kind === 'value') return templateChanges('value', before.value, after.value);
  // Two files of one name in two folders are told apart by their whole URLs.
  const isAlike = workText(before) === workText(after);
  return textChange('work', before, after, (work) => workText(work, isAlike ? (url) => url : fileName));
}

function workText(work: Work, moduleText = fileName): string {
  switch (work.kind) {
    case 'run':
      return `run ${moduleText(work.moduleUrl)}#${work.exportName}`;
    case 'function':
      return `run ${work.node} of ${moduleText(work.moduleUrl)}#${work.exportName}`;
    case 'call':
      return `call ${moduleText(work.moduleUrl)}#${work.exportName}/${work.method}`;
    case 'method':
      return `call ${work.service}/${work.method}`;
    case 'strategy':
      return `strategy ${work.strategy}`;
    case 'value':
      return `value ${templateText(work.value)}`;
  }
}

function fileName(moduleUrl: string): string {
  return moduleUrl.slice(moduleUrl.lastIndexOf('/') + 1);
}

function joinText(join: Join): string {
  return join.kind === 'quorum' ? `quorum ${join.count}` : join.kind;
}

function fallbackText(fallback: readonly Fallback[]): string {
  return fallback.length === 0 ? 'none' : fallback.map(stepText).join(', then ');
}

function stepText(step: Fallback): string {
  if (step.kind === 'value') return `value ${templateText(step.value)}`;
  return step.kind === 'node' ? `node ${step.node}` : step.kind;
}
