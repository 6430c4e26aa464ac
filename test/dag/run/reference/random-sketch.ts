// sketchOf: the sketch of a world from choices that were drawn for each node by itself. Edges go from later to earlier
// nodes only, whatever kind they are, so that nothing is cyclic; what may be absent is read optionally; every node is
// wanted by some other or by the output.

import type { ErrorCode } from '../../../../runtime/errors.ts';
import { type AttemptChoice, type Draft, type NodeChoice, nameOf, type WorldChoice } from './random-draft.ts';
import { levelsOf } from './random-levels.ts';
import type { FallbackSketch, NodeSketch, Plain, WorldSketch } from './sketch.ts';
import type { Behaviour } from './world.ts';

/** Edges go to one of so many nodes before: long chains, and wide graphs too. */
const reach = 9;

export function sketchOf(choice: WorldChoice): WorldSketch {
  const drafts: Draft[] = [];
  for (const node of choice.nodes) drafts.push(draftOf(node, drafts));
  const outputs = drafts.slice(-choice.outputs);
  attachUnwanted(drafts, outputs.length);
  const levels = levelsOf(drafts, outputs);
  const timeMs = (wholeMs: number, what: number) => exactMs(wholeMs, drafts.length * 1000 + what);
  const givenMs = choice.totalMs === undefined ? Infinity : timeMs(choice.totalMs, 1);
  const reserveMs = choice.reserveMs === 0 ? 0 : timeMs(choice.reserveMs, 2);
  const startMs = timeMs(1000, 3);
  // A budget that what usually takes longer could never keep would be refused: then the caller gives no more time.
  const totalMs = usualMs(drafts) < givenMs - reserveMs ? givenMs : Infinity;
  const patienceMs = Math.min(
    totalMs === givenMs ? Infinity : givenMs,
    choice.deadlineMs === undefined ? Infinity : timeMs(choice.deadlineMs, 4),
  );
  const inFile = drafts.toSorted((a, b) => a.choice.position - b.choice.position);
  return {
    nodes: Object.fromEntries(inFile.map((draft) => [nameOf(draft.place), nodeOf(draft, drafts, totalMs)])),
    output: Object.fromEntries(outputs.map(({ place }) => [nameOf(place), nameOf(place)])),
    request: { x: choice.x, items: choice.items },
    level: choice.level,
    levels,
    budget: { totalMs, reserveMs, retries: choice.retries, hedges: choice.hedges },
    deadlineMs: startMs + patienceMs,
    startMs,
  };
}

/** Whole ms and a fraction by hash, in steps of 2^-30 ms: sums are exact, and two of them hardly ever equal. */
function exactMs(wholeMs: number, salt: number): number {
  let mixed = Math.imul(salt ^ 0x9e3779b9, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return wholeMs + ((mixed ^ (mixed >>> 16)) >>> 2) / 2 ** 30;
}

/** One of the nodes before, undefined if there is none that will do. */
function before(place: number, pick: number, suits: (other: number) => boolean = () => true): number | undefined {
  const from = Math.max(0, place - reach);
  const possible = Array.from({ length: place - from }, (_, index) => place - 1 - index).filter(suits);
  return possible[pick % Math.max(1, possible.length)];
}

function draftOf(choice: NodeChoice, earlier: readonly Draft[]): Draft {
  const place = earlier.length;
  const hard: number[] = [];
  const soft: number[] = [];
  for (const need of choice.needs) {
    const other = before(place, need.pick, (candidate) => !hard.includes(candidate) && !soft.includes(candidate));
    if (other !== undefined) (need.soft ? soft : hard).push(other);
  }
  const isFree = (other: number) => !hard.includes(other) && !soft.includes(other);
  const standIn = (pick: number) => before(place, pick, isFree);
  // A node that another may let go while it runs: it may be cancelled and demanded again.
  const letGo = (other: number) => earlier.some((draft) => !needsAll(draft) && draft.hard.includes(other));
  const fallbackNode = (pick: number) => before(place, pick, (other) => isFree(other) && letGo(other)) ?? standIn(pick);
  const works = choice.kind !== 'value';
  return {
    place,
    choice,
    hard,
    soft,
    standIns: {
      light: works && choice.light !== undefined ? standIn(choice.light) : undefined,
      fallback: choice.fallback.map(({ kind, pick }) => (kind === 'node' ? fallbackNode(pick) : undefined)),
      replace: choice.change?.kind === 'replace' ? standIn(choice.change.pick) : undefined,
    },
  };
}

function needsAll({ choice }: Draft): boolean {
  return choice.join === 'all' || choice.join === 'none_failed';
}

function standInsOf({ standIns }: Draft): number[] {
  return [standIns.light, standIns.replace, ...standIns.fallback].filter((other) => other !== undefined);
}

/** A node that nobody wants becomes a need of a later one. */
function attachUnwanted(drafts: readonly Draft[], outputs: number): void {
  for (const { place, choice } of drafts.slice(0, drafts.length - outputs)) {
    const wanted = drafts.some((other) => [...other.hard, ...other.soft, ...standInsOf(other)].includes(place));
    if (wanted) continue;
    const later = drafts.slice(place + 1, place + 1 + reach);
    const consumer = later[choice.consumer.pick % later.length]!;
    (choice.consumer.soft ? consumer.soft : consumer.hard).push(place);
  }
}

/** Whether the nodes that it needs are all there when it runs. */
function isStrict({ choice, hard }: Draft): boolean {
  return choice.join === 'all' || hard.length === 0;
}

/** How a need's number is read where it may be absent, or may not. */
function numberOf(draft: Draft, other: number, drafts: readonly Draft[]): string {
  const sure = draft.hard.includes(other) && isStrict(draft);
  if (drafts[other]!.choice.kind === 'foreach') return `${sure ? '' : '1 + '}request.x`;
  return sure ? `${nameOf(other)}.v` : `${nameOf(other)}.?v.orValue(2)`;
}

function sumOf(draft: Draft, drafts: readonly Draft[]): string {
  const needs = [...draft.hard, ...draft.soft];
  return [...needs.map((other) => numberOf(draft, other, drafts)), 'request.x'].join(' + ');
}

/** Of a need that is a foreach: its list, or whether there is one. */
function listsOf(draft: Draft, drafts: readonly Draft[]): { readonly [key: string]: Plain } {
  const lists = [...draft.hard, ...draft.soft].filter((other) => drafts[other]!.choice.kind === 'foreach');
  return Object.fromEntries(
    lists.map((other) => {
      const sure = draft.hard.includes(other) && isStrict(draft);
      return [`l${other}`, sure ? nameOf(other) : `has(${nameOf(other)})`];
    }),
  );
}

function whenOf(draft: Draft, drafts: readonly Draft[]): string | undefined {
  const { when } = draft.choice;
  const need = draft.hard[0] ?? draft.soft[0];
  if (when === undefined) return undefined;
  const aboutRequest = `request.x >= ${when.than}`;
  if (need === undefined || when.about === 'request') return aboutRequest;
  if (when.about === 'has') return `has(${nameOf(need)})`;
  const aboutNeed = `${numberOf(draft, need, drafts)} > ${when.than}`;
  return when.about === 'both' ? `!(${aboutNeed}) && ${aboutRequest}` : aboutNeed;
}

function nodeOf(draft: Draft, drafts: readonly Draft[], totalMs: number): NodeSketch {
  const { choice, hard, soft, standIns, place } = draft;
  const sum = sumOf(draft, drafts);
  const when = whenOf(draft, drafts);
  const quorum = Math.max(1, Math.min(hard.length, 2));
  const join = hard.length === 0 ? 'all' : choice.join === 'quorum' ? quorum : choice.join;
  const fallback = fallbackOf(draft, sum);
  const shared = {
    needs: [...hard.map(nameOf), ...soft.map((other) => `${nameOf(other)}?`)],
    join,
    fallback,
    ...(when !== undefined && { when }),
  } as const;
  if (choice.kind === 'value') {
    return { ...shared, value: { v: sum, items: 'request.items', ...listsOf(draft, drafts) } };
  }
  const timeMs = (wholeMs: number, what: number) => exactMs(wholeMs, place * 1000 + what);
  const estimateMs = choice.estimateMs === undefined ? undefined : timeMs(choice.estimateMs, 3);
  const givenMs = choice.timeoutMs === undefined ? Infinity : timeMs(choice.timeoutMs, 1);
  const timeoutMs = givenMs < totalMs && givenMs > (estimateMs ?? 0) ? givenMs : undefined;
  const longestMs = timeoutMs ?? totalMs;
  const rows = choice.rows.map((row, index) =>
    row.map((attempt, at) => attemptOf(tried(choice, attempt), place, index * 10 + at)),
  );
  const usesStale = fallback.includes('stale');
  return {
    ...shared,
    does: choice.kind === 'foreach' ? rows : rows[0]!,
    input: {
      s: sum,
      k: choice.position,
      ...listsOf(draft, drafts),
      ...(choice.kind === 'foreach' && { i: 'item + 1' }),
    },
    ...(choice.kind === 'foreach' && { foreach: foreachOf(draft, drafts) }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(choice.retry && { retry: retryOf(choice.retry, longestMs, (wholeMs) => timeMs(wholeMs, 2)) }),
    ...(choice.hedge !== undefined && { hedge: { max: choice.hedge } }),
    ...(estimateMs !== undefined && { estimateMs }),
    ...(standIns.light !== undefined && { light: nameOf(standIns.light) }),
    ...(choice.breaker && { breaker: choice.breaker }),
    ...(usesStale && { cache: `'${nameOf(place)}'` }),
    ...(usesStale && choice.stale && { stale: { v: 1000 + place, items: [place] } }),
  };
}

/** Where retry meets hedge, more fails: what they do to each other is seen only when several attempts fail. */
function tried({ retry, hedge }: NodeChoice, attempt: AttemptChoice): AttemptChoice {
  const fails = retry !== undefined && hedge !== undefined && attempt.outcome === 'good' && attempt.value < 5;
  return fails ? { ...attempt, outcome: 'UNAVAILABLE' } : attempt;
}

/** Pauses that leave no time for all attempts would be refused. */
function retryOf(retry: NonNullable<NodeChoice['retry']>, longestMs: number, timeMs: (wholeMs: number) => number) {
  const on: readonly ErrorCode[] = ['UNAVAILABLE', 'ABORTED'];
  const backoffMs = retry.backoffMs === 0 ? 0 : timeMs(retry.backoffMs);
  const fits = backoffMs * (2 ** (retry.attempts - 1) - 1) < longestMs;
  return { attempts: retry.attempts, on, backoffMs: fits ? backoffMs : 0 };
}

/** Nothing twice, and a constant, which can't fail, last. */
function fallbackOf({ choice, standIns }: Draft, sum: string): FallbackSketch[] {
  const constants = choice.fallback.filter(({ kind }) => kind === 'value').slice(0, 1);
  const others = choice.fallback.flatMap(({ kind }, index): FallbackSketch[] => {
    if (kind === 'reading') return [{ value: { v: sum } }];
    if (kind === 'stale') return choice.kind === 'value' ? [] : ['stale'];
    const other = standIns.fallback[index];
    return other === undefined ? [] : [{ node: nameOf(other) }];
  });
  const texts = others.map((one) => JSON.stringify(one));
  return [
    ...others.filter((_, index) => texts.indexOf(texts[index]!) === index),
    ...constants.map(({ pick }) => ({ value: { v: pick % 10 } })),
  ];
}

function foreachOf(draft: Draft, drafts: readonly Draft[]): NonNullable<NodeSketch['foreach']> {
  const { choice } = draft;
  const lists = [...draft.hard, ...draft.soft].filter((other) => drafts[other]!.choice.kind !== 'foreach');
  const source = lists[choice.consumer.pick % (lists.length + 1)];
  const sure = source !== undefined && draft.hard.includes(source) && isStrict(draft);
  const listOf = (name: string) => (sure ? `${name}.items` : `${name}.?items.orValue([3, 5])`);
  const quorum = choice.list.quorum === undefined ? undefined : Math.min(choice.list.quorum, choice.list.maxItems);
  const failed = quorum === undefined ? 'hole' : choice.list.failed;
  return { ...choice.list, quorum, failed, in: source === undefined ? 'request.items' : listOf(nameOf(source)) };
}

function attemptOf({ ms, outcome, value }: AttemptChoice, place: number, index: number): Behaviour {
  const delayMs = exactMs(ms, place * 1000 + 100 + index);
  switch (outcome) {
    case 'good':
      return { delayMs, value: { v: value, items: Array.from({ length: value }, (_, item) => item * 10) } };
    case 'empty':
      return { delayMs, value: {} };
    case 'null':
      return { delayMs, value: null };
    default:
      return { delayMs, code: outcome };
  }
}

/** The longest way that estimates add up to, whatever joins and stand-ins spare. */
function usualMs(drafts: readonly Draft[]): number {
  const ways: number[] = [];
  for (const { place, choice, hard, soft } of drafts) {
    const ownMs = choice.kind === 'value' ? 0 : (choice.estimateMs ?? 0) + 1;
    ways[place] = ownMs + Math.max(0, ...[...hard, ...soft].map((other) => ways[other] ?? 0));
  }
  return Math.max(...ways);
}
