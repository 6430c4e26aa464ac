// Names: nodes, variables and parameters that are named and do not exist, each with the nearest that does.

import { nearest } from '../../runtime/nearest.ts';
import { childrenOf, type Name, type Node } from '../expression/ast.ts';
import { freeNames, parameterReads } from './free-names.ts';
import type { Site } from './sites.ts';
import { listed, type Subject } from './subject.ts';

export function checkNames(subject: Subject): void {
  const before = subject.report.problems.size;
  for (const node of subject.definition.nodes) checkNode(subject, node.name);
  checkLevels(subject);
  for (const site of subject.sites) {
    checkFreeNames(subject, site);
    checkParameters(subject, site);
  }
  // Beyond its bound the list does not grow; then nobody reads what follows from anything.
  if (subject.report.problems.size > before) subject.isIncomplete = true;
}

function checkNode(subject: Subject, name: string): void {
  const node = subject.nodes.get(name)!;
  const path = `nodes.${name}`;
  const needs = subject.needsOf(name);
  for (const need of needs) subject.knows(need.name, need.path, `in needs of ${name}`);
  const told = new Set(needs.map((need) => need.name));
  for (const site of subject.sites) {
    if (site.node === node) for (const free of freeNames(site.expression.root)) told.add(free.name);
  }
  for (const other of [...node.hard, ...node.soft]) {
    if (!told.has(other)) subject.knows(other, `${path}.needs`, `in needs of ${name}`);
  }
  for (const [index, fallback] of node.fallback.entries()) {
    if (fallback.kind === 'node') {
      subject.knows(fallback.node, `${path}.fallback[${index}].node`, `for the fallback of ${name}`);
    }
  }
  if (node.light !== undefined) subject.knows(node.light, `${path}.light`, `for the light variant of ${name}`);
}

function checkLevels(subject: Subject): void {
  for (const { level, skip, replace, input } of subject.definition.degrade.levels) {
    const path = `degrade.levels.${level}`;
    for (const [index, name] of skip.entries()) subject.knows(name, `${path}.skip[${index}]`, 'to skip');
    for (const [name, by] of replace) {
      subject.knows(name, `${path}.replace.${name}~key`, 'to replace');
      subject.knows(by, `${path}.replace.${name}`, `to take the place of ${name}`);
    }
    for (const [name] of input) subject.knows(name, `${path}.input.${name}~key`, 'to give another input');
  }
}

function checkFreeNames(subject: Subject, site: Site): void {
  const visible = visibleNames(subject, site);
  for (const free of freeNames(site.expression.root)) {
    if (visible.includes(free.name)) continue;
    const { message, hints = {} } = refusal(subject, site, free, visible);
    subject.report.addWithin(site.path, site.expression.text, free.start, free.end, message, hints);
  }
}

/** What the expressions of a site can name. */
export function visibleNames(subject: Subject, { part, node }: Site): string[] {
  if (part === 'unit' || part === 'condition') return ['request'];
  const item = node?.foreach !== undefined && (part === 'input' || part === 'level') ? [node.foreach.as] : [];
  return ['request', 'params', ...item, ...subject.names.filter((name) => name !== node?.name)];
}

interface Refusal {
  readonly message: string;
  readonly hints?: { suggestion?: string | undefined; allowed?: string[] };
}

function refusal(subject: Subject, { part, node, expression }: Site, free: Name, visible: string[]): Refusal {
  const { name } = free;
  if (part === 'unit' || part === 'condition') {
    if (subject.nodes.has(name) || name === 'params') {
      const what = part === 'unit' ? 'the unit of a layer' : 'the condition of an experiment';
      return { message: `${what} is read before any node runs, from the request alone: ${name} has no value yet` };
    }
  }
  if (name === node?.name) {
    return { message: `${name} reads its own value, which is not there before it has run` };
  }
  if (name === node?.foreach?.as) {
    return { message: `${name} is there only in the input of ${node.name}: this is worked out once, for all items` };
  }
  const suggestion = nearest(name, visible);
  const isBareWord = expression.root.kind === 'name';
  const quoted = isBareWord
    ? `; a constant text has quotes within the quotes: "'${name}'"`
    : suggestion === undefined && isOperand(expression.root, free)
      ? `; a constant text has quotes of its own: '${name}'`
      : '';
  const message = `there is no node or variable "${name}"${quoted}`;
  if (suggestion !== undefined) return { message, hints: { suggestion } };
  return isBareWord ? { message } : { message, hints: { allowed: visible } };
}

/** Whether a constant could stand there: it is compared, or handed to a function or to orValue. */
function isOperand(root: Node, name: Name): boolean {
  const isComparison = root.kind === 'binary' && ['==', '!=', '<', '<=', '>', '>=', 'in'].includes(root.operator);
  const operands =
    isComparison || root.kind === 'call' ? childrenOf(root) : root.kind === 'orValue' ? [root.fallback] : [];
  return operands.includes(name) || childrenOf(root).some((child) => isOperand(child, name));
}

function checkParameters(subject: Subject, { path, part, expression }: Site): void {
  if (part === 'unit' || part === 'condition') return;
  const known = subject.definition.layers.flatMap(({ parameters }) => parameters.map(({ name }) => name));
  for (const { name, start, end } of parameterReads(expression.root)) {
    if (known.includes(name)) continue;
    // `params.rank.model`, where "rank.model" is one name.
    const dotted = known.find((parameter) => parameter.startsWith(`${name}.`));
    const suggestion = nearest(name, known) ?? (dotted === undefined ? undefined : `params[${JSON.stringify(dotted)}]`);
    const layers = subject.definition.layers.map((layer) => layer.name);
    const declare =
      layers.length === 0
        ? ', and no layer that could own one: declare it under layers.<layer>.params'
        : `; parameters are declared under params of a layer, here ${listed(layers)}`;
    subject.report.addWithin(
      path,
      expression.text,
      start,
      end,
      `there is no parameter "${name}"${suggestion === undefined ? declare : ''}`,
      suggestion === undefined ? {} : { suggestion },
    );
  }
}
