// The graphs that the tests of pictures draw, and their traces: written by hand or at random, in the shapes that the
// reader of strategies and the executor make.

import fc from 'fast-check';
import type { NodeDefinition, StrategyDefinition, Template } from '../../../dag/definition.ts';
import type { AttemptTrace, NodeTrace, RunTrace } from '../../../dag/run/trace.ts';
import { plainNode } from '../plain-node.ts';

export function expression(text: string): Template {
  return { kind: 'expression', text };
}

export function map(entries: Record<string, string>): Template & { kind: 'map' } {
  return { kind: 'map', entries: Object.entries(entries).map(([key, text]) => [key, expression(text)] as const) };
}

export function run(exportName: string): NodeDefinition['work'] {
  return { kind: 'run', moduleUrl: 'file:///feed/rank.ts', exportName };
}

export function call(exportName: string, method: string): NodeDefinition['work'] {
  return { kind: 'call', moduleUrl: 'file:///feed/contract.ts', exportName, method };
}

export function node(name: string, parts: Partial<NodeDefinition> = {}): NodeDefinition {
  return plainNode(name, run(name), parts);
}

export function strategy(
  nodes: readonly NodeDefinition[],
  outputNeeds: readonly string[],
  parts: Partial<StrategyDefinition> = {},
): StrategyDefinition {
  return {
    name: 'feed.recommend',
    origin: 'strategies/feed.yaml',
    description: undefined,
    request: { kind: 'any' },
    budget: { totalMs: Number.POSITIVE_INFINITY, reserveMs: 0, retries: 0.2, hedges: 0.1 },
    nodes,
    output: { kind: 'list', items: outputNeeds.map(expression) },
    outputNeeds,
    layers: [],
    degrade: { levels: [], signals: [], limits: [] },
    report: [],
    tests: [],
    ...parts,
  };
}

const breaker = { failures: 0.5, windowMs: 10_000, minCalls: 20, openForMs: 5000 };

/** The start page of a shop of films: the graph that guides show. */
export const feed = strategy(
  [
    node('profile', {
      work: call('Users', 'get'),
      input: map({ id: 'request.user' }),
      timeoutMs: 10,
      cache: { key: 'request.user', ttlMs: 60_000, staleMs: 600_000, maxEntries: 1000 },
      fallback: [{ kind: 'stale' }, { kind: 'value', value: map({ segment: "'new'" }) }],
    }),
    node('similar', {
      work: call('Recall', 'similar'),
      input: map({ segment: 'profile.segment', k: 'request.k * 3' }),
      hard: ['profile'],
      timeoutMs: 20,
      hedge: { quantile: 0.95, max: 1, minimumMs: 1 },
    }),
    node('popular', {
      work: call('Recall', 'popular'),
      input: map({ region: 'request.region' }),
      timeoutMs: 20,
      retry: { attempts: 2, backoffMs: 0, on: ['UNAVAILABLE'] },
      breaker,
    }),
    node('fresh', {
      work: { kind: 'strategy', strategy: 'feed.fresh' },
      input: map({ segment: 'profile.segment' }),
      hard: ['profile'],
      when: 'params.useFresh',
    }),
    node('merge', {
      work: { kind: 'value', value: expression('similar.items + popular.items + fresh.?items.orValue([])') },
      hard: ['similar', 'popular'],
      soft: ['fresh'],
    }),
    node('features', {
      work: run('features'),
      input: map({ item: 'item' }),
      hard: ['merge'],
      pool: 'rank',
      foreach: { in: 'merge', as: 'item', maxItems: 300, parallel: 8, quorum: 250, failed: 'drop' },
    }),
    node('rank', {
      work: run('rank'),
      input: map({ items: 'features', user: 'profile' }),
      hard: ['profile', 'features'],
      pool: 'rank',
      timeoutMs: 40,
      light: 'rankLight',
      estimateMs: 22,
    }),
    node('rankLight', { work: run('light'), input: map({ items: 'merge' }), hard: ['merge'] }),
  ],
  ['rank'],
  {
    description: 'Items for the start page.',
    budget: { totalMs: 80, reserveMs: 5, retries: 0.2, hedges: 0.1 },
    output: map({ items: 'rank.items' }),
    degrade: {
      levels: [
        { level: 1, skip: ['fresh'], replace: [], input: [] },
        { level: 2, skip: [], replace: [['rank', 'rankLight']], input: [['similar', map({ k: '20' })]] },
      ],
      signals: [],
      limits: [],
    },
  },
);

/** Five nodes with each kind of arrow: small enough for golden texts. */
export const small = strategy(
  [
    node('profile', { work: call('Users', 'get'), input: map({ id: 'request.user' }) }),
    node('recall', { input: map({ segment: 'profile.segment' }), hard: ['profile'] }),
    node('extra', { work: call('Extra', 'find'), input: map({ id: 'request.user' }), when: 'params.useExtra' }),
    node('rank', { input: map({ items: 'recall' }), hard: ['recall'], soft: ['extra'], pool: 'rank', light: 'light' }),
    node('light', { input: map({ items: 'recall' }), hard: ['recall'] }),
  ],
  ['rank'],
);

export function attempt(startMs: number, endMs: number | undefined, parts: Partial<AttemptTrace> = {}): AttemptTrace {
  return { hedge: false, item: undefined, startMs, endMs, failure: undefined, ...parts };
}

export function ended(
  name: string,
  [demandedMs, startMs, endMs]: readonly [number, number | undefined, number],
  parts: Partial<NodeTrace> = {},
): NodeTrace {
  return {
    name,
    end: 'done',
    demandedMs,
    startMs,
    endMs,
    attempts: startMs === undefined ? [] : [attempt(startMs, endMs)],
    failure: undefined,
    marks: [],
    cached: false,
    after: undefined,
    critical: false,
    ...parts,
  };
}

export function traceOf(nodes: readonly NodeTrace[], durationMs: number, parts: Partial<RunTrace> = {}): RunTrace {
  const done = nodes.filter(({ end }) => end === 'done').toSorted((a, b) => a.endMs - b.endMs);
  return {
    strategy: 'feed.recommend',
    version: 7,
    startedAt: Date.UTC(2026, 4, 3, 10, 20, 30, 456),
    durationMs,
    level: 0,
    params: {},
    exposures: [],
    failure: undefined,
    nodes,
    path: done.map(({ name }) => name),
    degraded: nodes.flatMap(({ name, marks }) => marks.map((mark) => `${name}: ${mark}`)),
    criticalPath: nodes.filter(({ critical }) => critical).map(({ name }) => name),
    ...parts,
  };
}

const unavailable = { code: 'UNAVAILABLE', message: 'Recall/popular on 10.0.0.7:7002: connection refused' } as const;

/** A run of `feed`: a hedge, a retry, items that were lost, and time that ran short. */
export const feedTrace = traceOf(
  [
    ended('profile', [0, 0, 6.2], { critical: true }),
    ended('similar', [0, 6.2, 19.4], {
      attempts: [attempt(6.2, undefined), attempt(14.1, 19.4, { hedge: true })],
      after: 'profile',
      critical: true,
    }),
    ended('popular', [0, 0, 9.1], { attempts: [attempt(0, 2.8, { failure: unavailable }), attempt(2.8, 9.1)] }),
    ended('fresh', [0, 6.2, 6.2], { end: 'skipped', attempts: [], after: 'profile' }),
    ended('merge', [0, 19.4, 19.4], { attempts: [], after: 'similar', critical: true }),
    ended('features', [0, 19.4, 51.2], {
      after: 'merge',
      critical: true,
      marks: ['2 of 60 lost'],
      attempts: Array.from({ length: 60 }, (_, item) => {
        const start = 19.4 + Math.floor(item / 8) * 4;
        const failure = item % 30 === 11 ? unavailable : undefined;
        return attempt(start, start + 3 + ((item * 7) % 8) / 8, { item, failure });
      }),
    }),
    ended('rank', [0, 51.2, 61.7], { after: 'rankLight', critical: true, marks: ['light rankLight'], attempts: [] }),
    ended('rankLight', [51.2, 51.2, 61.7], { after: 'merge', critical: true }),
  ],
  61.9,
  {
    params: { useFresh: false, rankModel: 'gbdt-2' },
    exposures: [
      { layer: 'ranking', experiment: 'new-model', variant: 'gbdt', slot: 41_213, unitHash: 0x1f2e3d4c, forced: false },
    ],
    criticalPath: ['profile', 'similar', 'merge', 'features', 'rankLight', 'rank'],
    request: { user: 'u42', k: 20, region: 'no' },
    result: { items: [{ id: 'm1', title: 'Alien <Director’s cut>' }] },
  },
);

/** A run of `feed` whose deadline passed. */
export const failedTrace = traceOf(
  [
    ended('profile', [0, 0, 10], {
      marks: ['value'],
      critical: true,
      attempts: [
        attempt(0, 10, { failure: { code: 'DEADLINE_EXCEEDED', message: 'Users/get took longer than 10 ms' } }),
      ],
    }),
    ended('similar', [0, 10, 30], {
      end: 'failed',
      after: 'profile',
      critical: true,
      failure: { code: 'DEADLINE_EXCEEDED', message: 'similar took longer than 20 ms' },
    }),
    ended('popular', [0, 0, 30], { end: 'cancelled', attempts: [attempt(0, undefined)] }),
    ended('fresh', [0, undefined, 10], { end: 'skipped', marks: ['level 1 skipped'] }),
    ended('merge', [0, undefined, 30], {
      end: 'failed',
      after: 'similar',
      critical: true,
      failure: { code: 'DEADLINE_EXCEEDED', message: 'merge failed at similar: similar took longer than 20 ms' },
    }),
    ended('rank', [0, undefined, 30], { end: 'cancelled' }),
  ],
  30,
  {
    level: 1,
    failure: { code: 'DEADLINE_EXCEEDED', message: 'feed.recommend failed at rank: similar took longer than 20 ms' },
    criticalPath: ['profile', 'similar', 'merge'],
  },
);

/** Graphs of up to `nodesMax` nodes whose nodes depend on some before them, with stand-ins here and there. */
export function randomGraphs(nodesMax: number): fc.Arbitrary<StrategyDefinition> {
  const link = fc.record({ back: fc.nat(nodesMax), kind: fc.constantFrom('hard', 'soft', 'fallback', 'light') });
  return fc
    .array(fc.array(link, { maxLength: 4, size: 'max' }), { minLength: 1, maxLength: nodesMax, size: 'max' })
    .map((links) => {
      const nodes = links.map((found, index) => {
        const targets = new Map(found.map(({ back, kind }) => [`n${back % Math.max(index, 1)}`, kind]));
        if (index === 0) targets.clear();
        const of = (kind: string) => [...targets].filter(([, is]) => is === kind).map(([name]) => name);
        return node(`n${index}`, {
          work: index % 7 === 3 ? call('Users', `get${index}`) : run('step'.repeat(1 + (index % 5))),
          input: map(index % 3 === 0 ? { user: 'request.user' } : {}),
          hard: of('hard'),
          soft: of('soft'),
          light: of('light')[0],
          fallback: of('fallback').map((name) => ({ kind: 'node' as const, node: name })),
        });
      });
      const used = new Set(nodes.flatMap(({ hard, soft }) => [...hard, ...soft]));
      return strategy(
        nodes,
        nodes.map(({ name }) => name).filter((name) => !used.has(name)),
      );
    });
}
