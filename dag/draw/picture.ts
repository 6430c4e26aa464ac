// The picture of a graph before anything is placed: boxes and arrows, with `request` at one end and `output` at the
// other. SVG, Mermaid and terminal all draw this, so that they show the same graph. Pure, on any thread.

import type { DegradeDefinition, NodeDefinition, StrategyDefinition, Template } from '../definition.ts';
import { parseExpression } from '../expression/parse-expression.ts';
import { references } from '../expression/references.ts';
import { doingText } from './describe.ts';

export type BoxKind = 'request' | 'run' | 'call' | 'strategy' | 'value' | 'output';

export interface Box {
  /** The node's name, or `requestId`, `outputId`. */
  readonly id: string;
  readonly name: string;
  readonly kind: BoxKind;
  /** `call Users/get`; empty for request and output. */
  readonly doing: string;
  /** Undefined for request and output. */
  readonly node: NodeDefinition | undefined;
  /** It only ever runs in place of another node. */
  readonly standIn: boolean;
}

/** hard: needs it; soft: waits for it, can do without; stand-in: `from` may give the value of `to`. */
export type ArrowKind = 'hard' | 'soft' | 'stand-in';

export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly kind: ArrowKind;
  /** Of stand-ins: `light`, `fallback`, `level 2`, or several of them. */
  readonly label: string | undefined;
}

export interface Picture {
  readonly boxes: readonly Box[];
  /** At most one between two boxes in one direction. */
  readonly arrows: readonly Arrow[];
}

/** No node can be called so: names hold no colon. */
export const requestId = ':request';
export const outputId = ':output';

/**
 * Boxes in the order of the file, request first if anything reads it, output last. Names that no node has are left out,
 * so that a file under repair can be drawn too.
 */
export function pictureOf(definition: StrategyDefinition): Picture {
  const { nodes, degrade } = definition;
  const arrows = new ArrowSet(new Set(nodes.map(({ name }) => name)));
  for (const node of nodes) {
    for (const name of node.hard) arrows.add(name, node.name, 'hard');
    for (const name of node.soft) arrows.add(name, node.name, 'soft');
    if (arrows.countInto(node.name) === 0 && textsOf(node).some(readsRequest)) {
      arrows.add(requestId, node.name, 'hard');
    }
  }
  for (const name of definition.outputNeeds) arrows.add(name, outputId, 'hard');
  if (arrows.countInto(outputId) === 0 && templateTexts(definition.output).some(readsRequest)) {
    arrows.add(requestId, outputId, 'hard');
  }
  const demanded = new Set([...arrows.all()].map(({ from }) => from));
  const standIns = new Set<string>();
  for (const node of nodes) {
    for (const [name, label] of standInsOf(node, degrade)) {
      arrows.add(name, node.name, 'stand-in', label);
      if (!demanded.has(name)) standIns.add(name);
    }
  }

  const found = [...arrows.all()];
  const boxes = nodes.map((node) => boxOf(node, standIns.has(node.name)));
  const request: Box = { id: requestId, name: 'request', kind: 'request', doing: '', node: undefined, standIn: false };
  const output: Box = { id: outputId, name: 'output', kind: 'output', doing: '', node: undefined, standIn: false };
  const isRead = found.some(({ from }) => from === requestId);
  return { boxes: [...(isRead ? [request] : []), ...boxes, output], arrows: found };
}

class ArrowSet {
  readonly #arrows = new Map<string, Arrow>();
  readonly #into = new Map<string, number>();
  readonly #names: ReadonlySet<string>;

  constructor(names: ReadonlySet<string>) {
    this.#names = names;
  }

  /** A second arrow between the same two adds its label to the first. */
  add(from: string, to: string, kind: ArrowKind, label?: string): void {
    if (from === to || !(from === requestId || this.#names.has(from))) return;
    const key = `${from} ${to}`;
    const known = this.#arrows.get(key);
    if (known === undefined) this.#into.set(to, this.countInto(to) + 1);
    const labels = [known?.label, label].filter((text) => text !== undefined);
    this.#arrows.set(key, {
      from,
      to,
      kind: known?.kind ?? kind,
      label: labels.length > 0 ? labels.join(', ') : undefined,
    });
  }

  countInto(to: string): number {
    return this.#into.get(to) ?? 0;
  }

  all(): Iterable<Arrow> {
    return this.#arrows.values();
  }
}

function* standInsOf(node: NodeDefinition, degrade: DegradeDefinition): Generator<[name: string, label: string]> {
  if (node.light !== undefined) yield [node.light, 'light'];
  for (const fallback of node.fallback) if (fallback.kind === 'node') yield [fallback.node, 'fallback'];
  for (const { level, replace } of degrade.levels) {
    for (const [name, by] of replace) if (name === node.name) yield [by, `level ${level}`];
  }
}

const boxKinds = {
  run: 'run',
  function: 'run',
  call: 'call',
  method: 'call',
  strategy: 'strategy',
  value: 'value',
} as const satisfies Record<NodeDefinition['work']['kind'], BoxKind>;

function boxOf(node: NodeDefinition, standIn: boolean): Box {
  return { id: node.name, name: node.name, kind: boxKinds[node.work.kind], doing: doingText(node), node, standIn };
}

function textsOf(node: NodeDefinition): string[] {
  return [
    ...(node.work.kind === 'value' ? templateTexts(node.work.value) : []),
    ...(node.input === undefined ? [] : templateTexts(node.input)),
    ...node.fallback.flatMap((fallback) => (fallback.kind === 'value' ? templateTexts(fallback.value) : [])),
    ...[node.when, node.foreach?.in, node.cache?.key].filter((text) => text !== undefined),
  ];
}

function templateTexts(template: Template): string[] {
  if (template.kind === 'expression') return [template.text];
  if (template.kind === 'list') return template.items.flatMap(templateTexts);
  return template.kind === 'map' ? template.entries.flatMap(([, value]) => templateTexts(value)) : [];
}

function readsRequest(text: string): boolean {
  const { expression } = parseExpression(text);
  return expression !== undefined && references(expression).some(([name]) => name === 'request');
}
