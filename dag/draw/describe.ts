// What a node does and what protects it, in a few words: the small print of every picture. Pure.

import type { DegradeDefinition, NodeDefinition, Template } from '../definition.ts';
import type { NodeEnd } from '../run/trace.ts';

/** `call Users/get`, `run rank in pool rank`, `strategy feed.recall`, `= profile.segment`. Not cut. */
export function doingText({ work, pool }: NodeDefinition): string {
  const where = pool === undefined ? '' : ` in pool ${pool}`;
  switch (work.kind) {
    case 'run':
      return `run ${work.exportName}${where}`;
    case 'function':
      return `run function${where}`;
    case 'call':
      return `call ${work.exportName}/${work.method}${where}`;
    case 'method':
      return `call ${work.service}/${work.method}${where}`;
    case 'strategy':
      return `strategy ${work.strategy}${where}`;
    case 'value':
      return `= ${templateText(work.value)}`;
  }
}

/** Each policy in two or three words, in the order in which they matter to a reader. */
export function policyTexts(node: NodeDefinition, degrade: DegradeDefinition): string[] {
  const texts: string[] = [];
  const { foreach, join, retry, hedge, cache, breaker } = node;
  if (node.when !== undefined) texts.push(`when ${node.when}`);
  if (foreach !== undefined) {
    const quorum = foreach.quorum === undefined ? '' : `, quorum ${foreach.quorum}`;
    texts.push(`foreach ×${foreach.maxItems}, ${foreach.parallel} at once${quorum}`);
  }
  if (join.kind === 'quorum') texts.push(`join quorum ${join.count}`);
  else if (join.kind !== 'all') texts.push(`join ${join.kind}`);
  if (node.timeoutMs !== undefined) texts.push(`timeout ${formatMs(node.timeoutMs)}`);
  if (retry !== undefined && retry.attempts > 1) texts.push(`retry ×${retry.attempts}`);
  if (hedge !== undefined) texts.push(`hedge p${Number((hedge.quantile * 100).toFixed(2))}`);
  if (cache !== undefined) texts.push(`cache ${formatMs(cache.ttlMs)}`);
  if (breaker !== undefined) texts.push(`breaker ${formatPercent(breaker.failures)}`);
  if (node.concurrency !== undefined) texts.push(`at most ${node.concurrency} at once`);
  for (const fallback of node.fallback) {
    if (fallback.kind === 'stale') texts.push('else stale');
    else if (fallback.kind === 'value') texts.push(`else ${templateText(fallback.value)}`);
  }
  for (const { level, skip, input } of degrade.levels) {
    if (skip.includes(node.name)) texts.push(`level ${level} skips`);
    if (input.some(([name]) => name === node.name)) texts.push(`level ${level} input`);
  }
  return texts;
}

const ends: Readonly<Record<NodeEnd, true>> = { done: true, failed: true, skipped: true, cancelled: true };

/** Traces may come from anywhere: what is no end is drawn as cancelled, of which nothing came either. */
export function knownEnd(end: NodeEnd): NodeEnd {
  return Object.hasOwn(ends, end) ? end : 'cancelled';
}

/** A template as one would write it in YAML's flow style. */
export function templateText(template: Template): string {
  switch (template.kind) {
    case 'expression':
      return template.text;
    case 'constant':
      return JSON.stringify(template.value);
    case 'list':
      return `[${template.items.map(templateText).join(', ')}]`;
    case 'map':
      if (template.entries.length === 0) return '{}';
      return `{ ${template.entries.map(([key, value]) => `${key}: ${templateText(value)}`).join(', ')} }`;
  }
}

/** Three digits at most: `0.42 ms`, `7.3 ms`, `81 ms`, `1.25 s`, `5 min`. */
export function formatMs(ms: number): string {
  if (!Number.isFinite(ms)) return ms > 0 ? '∞' : '?';
  if (Math.abs(ms) >= 3_600_000) return `${digits(ms / 3_600_000)} h`;
  if (Math.abs(ms) >= 60_000) return `${digits(ms / 60_000)} min`;
  if (Math.abs(ms) >= 999.5) return `${digits(ms / 1000)} s`;
  return `${digits(ms)} ms`;
}

/** Of a share 0..1: `38 %`, `0.4 %`. */
export function formatPercent(share: number): string {
  return `${Number((share * 100).toFixed(share > 0 && share < 0.01 ? 1 : 0))} %`;
}

function digits(value: number): string {
  const size = Math.abs(value);
  return String(Number(value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2)));
}
