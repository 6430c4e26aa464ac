// Sites: every expression of a definition with its path and what it is there for, in the order of the file. All checks
// that look into expressions go over this one list.

import type { NodeDefinition, StrategyDefinition, Template } from '../definition.ts';
import type { Expression } from '../expression/ast.ts';
import { parseExpression } from '../expression/parse-expression.ts';

/** `level`: an entry of a level's `input`. `unit` and `condition`: of layers and experiments, before any node runs. */
export type SitePart =
  | 'when'
  | 'in'
  | 'input'
  | 'key'
  | 'value'
  | 'fallback'
  | 'level'
  | 'output'
  | 'unit'
  | 'condition';

export interface Site {
  readonly path: string;
  readonly part: SitePart;
  readonly expression: Expression;
  /** Undefined for `output`, `unit` and `condition`. */
  readonly node: NodeDefinition | undefined;
}

/** An expression that can't be read is left out: whoever read the file has told what is wrong with it. */
export function sitesOf(definition: StrategyDefinition): Site[] {
  const sites: Site[] = [];
  const add = (path: string, part: SitePart, text: string, node?: NodeDefinition) => {
    const { expression } = parseExpression(text);
    if (expression !== undefined) sites.push({ path, part, expression, node });
  };
  const addAll = (path: string, part: SitePart, template: Template | undefined, node?: NodeDefinition) => {
    if (template === undefined) return;
    for (const [at, text] of expressionsOf(template, path)) add(at, part, text, node);
  };
  for (const node of definition.nodes) {
    const path = `nodes.${node.name}`;
    if (node.when !== undefined) add(`${path}.when`, 'when', node.when, node);
    if (node.foreach !== undefined) add(`${path}.foreach.in`, 'in', node.foreach.in, node);
    if (node.cache !== undefined) add(`${path}.cache.key`, 'key', node.cache.key, node);
    if (node.work.kind === 'value') addAll(`${path}.value`, 'value', node.work.value, node);
    addAll(`${path}.input`, 'input', node.input, node);
    for (const [index, fallback] of node.fallback.entries()) {
      if (fallback.kind === 'value') addAll(`${path}.fallback[${index}].value`, 'fallback', fallback.value, node);
    }
  }
  addAll('output', 'output', definition.output);
  for (const layer of definition.layers) {
    add(`layers.${layer.name}.unit`, 'unit', layer.unit);
    for (const { name, when } of layer.experiments) {
      if (when !== undefined) add(`layers.${layer.name}.experiments.${name}.when`, 'condition', when);
    }
  }
  for (const { level, input } of definition.degrade.levels) {
    for (const [name, entries] of input) {
      const node = definition.nodes.find((other) => other.name === name);
      if (node !== undefined) addAll(`degrade.levels.${level}.input.${name}`, 'level', entries, node);
    }
  }
  return sites;
}

/** Paths and texts of the expressions of a template. */
export function expressionsOf(template: Template, path: string): [path: string, text: string][] {
  switch (template.kind) {
    case 'expression':
      return [[path, template.text]];
    case 'constant':
      return [];
    case 'list':
      return template.items.flatMap((item, index) => expressionsOf(item, `${path}[${index}]`));
    case 'map':
      return template.entries.flatMap(([key, value]) => expressionsOf(value, `${path}.${key}`));
  }
}
