// Variants of a strategy by edits: `rank.hedge=p95`, `budget.total=60ms`, `level=1`, `params.useExtra=true`. The value
// is read by the reader of strategy files, so it may be whatever could stand there in YAML.

import { HeddleError } from '../../runtime/errors.ts';
import { didYouMean } from '../../runtime/nearest.ts';
import type { Budget, NodeDefinition, StrategyDefinition } from '../definition.ts';
import { levelsMax } from '../file/schema-degrade.ts';
import { parameterObjection } from './check-given.ts';
import { readSnippet } from './edit-snippet.ts';
import type { GivenParameters } from './fixed-parameters.ts';

export interface Variant {
  readonly name: string;
  readonly definition: StrategyDefinition;
  readonly level: number;
  readonly params: GivenParameters;
}

/** Keys of a node that an edit can set, and what they are called in a definition. */
export const editableKeys = {
  timeout: 'timeoutMs',
  retry: 'retry',
  hedge: 'hedge',
  breaker: 'breaker',
  concurrency: 'concurrency',
  cache: 'cache',
  fallback: 'fallback',
  light: 'light',
  estimate: 'estimateMs',
} as const satisfies Readonly<Record<string, keyof NodeDefinition>>;

export type EditableKey = keyof typeof editableKeys;

const budgetKeys = {
  total: 'totalMs',
  reserve: 'reserveMs',
  retries: 'retries',
  hedges: 'hedges',
} as const satisfies Readonly<Record<string, keyof Budget>>;

const examples =
  'rank.hedge=p95, rank.timeout=20ms, rank.retry=none, budget.total=60ms, level=1 or params.useExtra=true';

/**
 * Several edits, divided by spaces, make one variant. Throws INVALID_ARGUMENT with a sentence that says what can be
 * edited.
 */
export function variantOf(base: Variant, edits: string): Variant {
  const parts = edits.trim().split(/\s+(?=[A-Za-z_][\w.]*=)/);
  return { ...parts.reduce(edited, base), name: edits.trim() };
}

function edited(variant: Variant, edit: string): Variant {
  const match = /^([A-Za-z_]\w*)(?:\.([A-Za-z_][\w.-]*))?\s*=\s*(\S.*)$/.exec(edit);
  if (match === null) throw wrong(edit, `an edit sets one key, such as ${examples}`);
  const [, head = '', key, value = ''] = match;
  if (head === 'level' && key === undefined) return { ...variant, level: levelOf(variant, edit, value) };
  if (key === undefined) throw keyless(variant, edit, head);
  if (head === 'budget') return { ...variant, definition: withBudget(variant.definition, edit, key, value) };
  if (head === 'params')
    return { ...variant, params: { ...variant.params, [key]: parameterOf(variant, edit, key, value) } };
  return { ...variant, definition: withNodeKey(variant.definition, edit, { name: head, key, value }) };
}

/** An edit such as `rank=5ms`. */
function keyless({ definition }: Variant, edit: string, head: string): HeddleError {
  const parameters = definition.layers.flatMap((layer) => layer.parameters);
  if (parameters.some(({ name }) => name === head)) {
    return wrong(edit, `${head} is a parameter; write params.${edit}`);
  }
  if (head === 'params' && parameters.length === 0) return wrong(edit, `${definition.name} has no parameters`);
  const { name, default: usual } = parameters[0] ?? { name: '', default: null };
  const example = { budget: 'total=60ms', params: `${name}=${JSON.stringify(usual)}` }[head] ?? 'timeout=20ms';
  const nodes = definition.nodes.map((node) => node.name);
  const heads = [...nodes, 'budget', 'params', 'level'];
  if (!heads.includes(head)) return unknown(edit, `${definition.name} has no node "${head}"`, head, heads);
  return wrong(edit, `it says no key of ${head}; write ${head}.${example}, for example`);
}

function levelOf({ definition }: Variant, edit: string, value: string): number {
  const declared = definition.degrade.levels.map(({ level }) => level);
  const level = Number(value);
  if (level === 0 || declared.includes(level)) return level;
  if (!(Number.isInteger(level) && level > 0 && level <= levelsMax))
    throw wrong(edit, `a level is a number from 0 to ${levelsMax}`);
  throw wrong(
    edit,
    `level ${level} is not declared; ${declared.length === 0 ? 'none is' : `declared: ${declared.join(', ')}`}`,
  );
}

function withBudget(definition: StrategyDefinition, edit: string, key: string, value: string): StrategyDefinition {
  if (!Object.hasOwn(budgetKeys, key)) throw unknown(edit, `budget has no "${key}"`, key, Object.keys(budgetKeys));
  const field = budgetKeys[key as keyof typeof budgetKeys];
  const { budget } = readSnippet(edit, definition, { at: 'budget', key, value });
  return { ...definition, budget: { ...definition.budget, [field]: budget[field] } };
}

function parameterOf({ definition }: Variant, edit: string, key: string, value: string) {
  const names = definition.layers.flatMap(({ parameters }) => parameters.map(({ name }) => name));
  if (!names.includes(key)) throw unknown(edit, `no layer owns a parameter "${key}"`, key, names);
  const read = readSnippet(edit, definition, { at: 'params', key, value }).tests[0]!.params![key]!;
  const objection = parameterObjection(definition, key, read);
  if (objection !== undefined) throw wrong(edit, objection);
  return read;
}

function withNodeKey(
  definition: StrategyDefinition,
  edit: string,
  { name, key, value }: { name: string; key: string; value: string },
): StrategyDefinition {
  const node = definition.nodes.find((one) => one.name === name);
  if (node === undefined) {
    const names = [...definition.nodes.map((one) => one.name), 'budget', 'params'];
    throw unknown(edit, `${definition.name} has no node "${name}"`, name, names);
  }
  if (!Object.hasOwn(editableKeys, key)) {
    throw unknown(edit, `"${key}" of a node can not be edited here`, key, Object.keys(editableKeys));
  }
  const without = withoutKey(node, key as EditableKey);
  const changed =
    value === 'none' ? without : fromSnippet(definition, edit, { node: without, key: key as EditableKey, value });
  return { ...definition, nodes: definition.nodes.map((one) => (one === node ? changed : one)) };
}

/** The node as if the key had not been written, whatever defaults the strategy has. */
export function withoutKey(node: NodeDefinition, key: EditableKey): NodeDefinition {
  return { ...node, [editableKeys[key]]: key === 'fallback' ? [] : undefined };
}

function fromSnippet(
  definition: StrategyDefinition,
  edit: string,
  { node, key, value }: { node: NodeDefinition; key: EditableKey; value: string },
): NodeDefinition {
  const read = readSnippet(edit, definition, { at: node, key, value }).nodes.find(({ name }) => name === node.name)!;
  const added = [...read.hard, ...read.soft].filter((name) => ![...node.hard, ...node.soft].includes(name));
  if (added.length > 0) {
    throw wrong(
      edit,
      `${node.name} would wait for ${added.join(' and ')}, which it does not need now; change that in the file`,
    );
  }
  for (const standIn of [read.light, ...read.fallback.map((one) => (one.kind === 'node' ? one.node : undefined))]) {
    if (standIn === undefined) continue;
    const names = definition.nodes.map(({ name }) => name).filter((name) => name !== node.name);
    if (!names.includes(standIn)) throw unknown(edit, `there is no other node "${standIn}"`, standIn, names);
  }
  const field = editableKeys[key];
  return { ...node, [field]: read[field] };
}

function unknown(edit: string, message: string, word: string, known: readonly string[]): HeddleError {
  return wrong(
    edit,
    `${message}${didYouMean(word, known)}; there ${known.length === 0 ? 'is none' : `are ${known.join(', ')}`}`,
  );
}

export function wrong(edit: string, message: string): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', `what if ${edit}: ${message}`, { retry: 'no' });
}
