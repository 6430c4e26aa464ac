// buildWorld: a World of a short sketch, for worlds written by hand and for random ones. What a sketch leaves out is what
// the file's defaults say; the nodes that texts name become hard dependencies, unless `needs` calls them soft.

import type {
  Budget,
  Data,
  Fallback,
  Foreach,
  Hedge,
  Join,
  LevelDefinition,
  NodeDefinition,
  Retry,
  StrategyDefinition,
  Template,
} from '../../../../dag/definition.ts';
import type { Behaviour, World } from './world.ts';

/** Texts are expressions. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain };

export type FallbackSketch = 'stale' | { readonly value: Plain } | { readonly node: string };

export interface NodeSketch {
  /** Makes it a `value` node; else it is a `run`. */
  readonly value?: Plain;
  readonly input?: { readonly [key: string]: Plain };
  /** `b`, `c?`. */
  readonly needs?: readonly string[];
  /** A number: quorum. */
  readonly join?: 'all' | 'any' | 'none_failed' | number;
  readonly when?: string;
  readonly foreach?: Partial<Foreach> & { readonly in: string };
  readonly timeoutMs?: number;
  readonly retry?: Partial<Retry>;
  readonly hedge?: Partial<Hedge>;
  /** The key. */
  readonly cache?: string;
  readonly breaker?: 'open' | 'closed';
  readonly fallback?: readonly FallbackSketch[];
  readonly light?: string;
  readonly estimateMs?: number;
  /** Left out: where retry or hedge stand. */
  readonly idempotent?: boolean;
  readonly stale?: Data;
  /** Attempts; with foreach: attempts of each item. Left out: at once, null. */
  readonly does?: readonly Behaviour[] | readonly (readonly Behaviour[])[];
}

export interface LevelSketch {
  readonly skip?: readonly string[];
  readonly replace?: Readonly<Record<string, string>>;
  readonly input?: Readonly<Record<string, { readonly [key: string]: Plain }>>;
}

export interface WorldSketch {
  /** In the order of the file. */
  readonly nodes: Readonly<Record<string, NodeSketch>>;
  readonly output: Plain;
  readonly request?: Data;
  readonly level?: number;
  readonly levels?: Readonly<Record<number, LevelSketch>>;
  readonly budget?: Partial<Budget>;
  readonly deadlineMs?: number;
  readonly startMs?: number;
}

export function buildWorld(sketch: WorldSketch): World {
  const sketches = Object.entries(sketch.nodes);
  const names = Object.keys(sketch.nodes);
  const output = template(sketch.output);
  const definition: StrategyDefinition = {
    name: 'world',
    origin: 'world.yaml',
    description: undefined,
    request: { kind: 'any' },
    budget: { totalMs: Infinity, reserveMs: 0, retries: 0.25, hedges: 0.125, ...sketch.budget },
    nodes: sketches.map(([name, node]) => buildNode(name, node, names)),
    output,
    outputNeeds: namesIn([output], names),
    layers: [],
    degrade: { levels: Object.entries(sketch.levels ?? {}).map(buildLevel), signals: [], limits: [] },
    report: [],
    tests: [],
  };
  const stale = sketches.filter(([, node]) => node.stale !== undefined);
  const retried = ([, node]: [string, NodeSketch]) => node.retry !== undefined || node.hedge !== undefined;
  return {
    definition,
    request: sketch.request ?? {},
    level: sketch.level ?? 0,
    deadlineMs: sketch.deadlineMs ?? Infinity,
    startMs: sketch.startMs ?? 0,
    behaviours: Object.fromEntries(sketches.map(([name, { does }]) => [name, rowsOf(does ?? [{ delayMs: 0 }])])),
    staleValues: Object.fromEntries(stale.map(([name, node]) => [name, node.stale ?? null])),
    openBreakers: sketches.filter(([, { breaker }]) => breaker === 'open').map(([name]) => name),
    idempotent: Object.fromEntries(sketches.map((entry) => [entry[0], entry[1].idempotent ?? retried(entry)])),
  };
}

function rowsOf(does: NonNullable<NodeSketch['does']>): readonly (readonly Behaviour[])[] {
  const isTable = does.every((row) => Array.isArray(row));
  return isTable ? (does as readonly (readonly Behaviour[])[]) : [does as readonly Behaviour[]];
}

function buildNode(name: string, sketch: NodeSketch, names: readonly string[]): NodeDefinition {
  const { value, foreach, needs = [] } = sketch;
  const input = value === undefined ? template(sketch.input ?? {}) : undefined;
  const fallback = (sketch.fallback ?? []).map(buildFallback);
  const soft = needs.filter((need) => need.endsWith('?')).map((need) => need.slice(0, -1));
  const read = namesIn(
    [
      ...[input, value === undefined ? undefined : template(value)].filter((part) => part !== undefined),
      ...[sketch.when, foreach?.in, sketch.cache].filter((text) => text !== undefined).map(template),
      ...fallback.flatMap((entry) => (entry.kind === 'value' ? [entry.value] : [])),
    ],
    names,
  );
  return {
    name,
    work:
      value === undefined
        ? { kind: 'run', moduleUrl: 'file:///world.ts', exportName: name }
        : { kind: 'value', value: template(value) },
    input,
    hard: names.filter((other) => (needs.includes(other) || read.includes(other)) && !soft.includes(other)),
    soft: names.filter((other) => soft.includes(other)),
    join: joinOf(sketch.join ?? 'all'),
    when: sketch.when,
    foreach: foreach && { as: 'item', maxItems: 100, parallel: 8, quorum: undefined, failed: 'hole', ...foreach },
    pool: undefined,
    timeoutMs: sketch.timeoutMs,
    retry: sketch.retry && { attempts: 2, backoffMs: 0, on: ['UNAVAILABLE'], ...sketch.retry },
    hedge: sketch.hedge && { quantile: 0.95, max: 1, minimumMs: 1, ...sketch.hedge },
    cache: sketch.cache === undefined ? undefined : { key: sketch.cache, ttlMs: 1000, staleMs: 60_000, maxEntries: 10 },
    breaker: sketch.breaker && { failures: 1, windowMs: 600_000, minCalls: 1_000_000, openForMs: 600_000 },
    concurrency: undefined,
    fallback,
    light: sketch.light,
    estimateMs: sketch.estimateMs,
  };
}

function joinOf(join: NonNullable<NodeSketch['join']>): Join {
  return typeof join === 'number' ? { kind: 'quorum', count: join } : { kind: join };
}

function buildFallback(sketch: FallbackSketch): Fallback {
  if (sketch === 'stale') return { kind: 'stale' };
  if ('node' in sketch) return { kind: 'node', node: sketch.node };
  return { kind: 'value', value: template(sketch.value) };
}

function buildLevel([level, sketch]: [string, LevelSketch]): LevelDefinition {
  return {
    level: Number(level),
    skip: sketch.skip ?? [],
    replace: Object.entries(sketch.replace ?? {}),
    input: Object.entries(sketch.input ?? {}).map(([node, entries]) => [node, mapTemplate(entries)]),
  };
}

function mapTemplate(entries: { readonly [key: string]: Plain }): Template & { kind: 'map' } {
  return { kind: 'map', entries: Object.entries(entries).map(([key, value]) => [key, template(value)]) };
}

export function template(plain: Plain): Template {
  if (typeof plain === 'string') return { kind: 'expression', text: plain };
  if (plain === null || typeof plain !== 'object') return { kind: 'constant', value: plain };
  if (Array.isArray(plain)) return { kind: 'list', items: plain.map(template) };
  return mapTemplate(plain as { readonly [key: string]: Plain });
}

/** Those of `names` that the expressions in the templates read, in their order. */
function namesIn(templates: readonly Template[], names: readonly string[]): string[] {
  const texts = templates.flatMap(textsIn).map((text) => text.replaceAll(/'[^']*'/g, ''));
  const words = new Set(texts.flatMap((text) => text.match(/(?<![\w.?])[A-Za-z_]\w*/g) ?? []));
  return names.filter((name) => words.has(name));
}

function textsIn(part: Template): string[] {
  if (part.kind === 'expression') return [part.text];
  if (part.kind === 'list') return part.items.flatMap(textsIn);
  return part.kind === 'map' ? part.entries.flatMap(([, value]) => textsIn(value)) : [];
}
