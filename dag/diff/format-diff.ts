// formatDiff: a StrategiesDiff for a terminal or a log, as a review shows it: `~` changed, `+` new, `-` gone.

import { changeLine } from './format-change.ts';
import { formatShares } from './format-shares.ts';
import type {
  ChangedStrategy,
  NodeDiff,
  PartDiff,
  StrategiesDiff,
  StrategyDiff,
  TestsDiff,
} from './strategies-diff.ts';

const signs = { added: '+', removed: '-', changed: '~' } as const;

/** Lines without colours; `nothing changed` when nothing did. */
export function formatDiff({ strategies }: StrategiesDiff): string {
  return strategies.length === 0 ? 'nothing changed' : strategies.map(formatStrategy).join('\n');
}

function formatStrategy(diff: StrategyDiff): string {
  if (diff.change !== 'changed') {
    return `${signs[diff.change]} ${diff.strategy}  ${counted(diff.nodes.length, 'node')}: ${diff.nodes.join(', ')}`;
  }
  const lines = [
    ...diff.fields.map((field) => signed(changeLine(field))),
    ...formatParts([...diff.nodes.map(nodeLines), ...diff.degrade.map(partLines)]),
    ...(diff.moved.length > 0 ? [`~ nodes in another order: ${diff.moved.join(', ')}`] : []),
    ...(diff.experiments === undefined ? [] : formatShares(diff.experiments)),
    ...diff.layers.map((field) => signed(changeLine(field))),
    ...testLines(diff),
  ];
  return [`~ ${diff.strategy}`, ...lines.map((line) => `  ${line}`)].join('\n');
}

interface Part {
  readonly head: string;
  readonly lines: readonly string[];
}

function nodeLines({ node, change, fields, edges }: NodeDiff): Part {
  const needs = [...edges.gained.map((name) => `+ needs ${name}`), ...edges.lost.map((name) => `- needs ${name}`)];
  // That all of a new node is new, its sign says.
  const texts =
    change === 'changed' ? fields.map(changeLine) : fields.map(({ before, after }) => after ?? before ?? '');
  return { head: `${signs[change]} ${node}`, lines: change === 'changed' ? [...texts, ...needs] : texts };
}

function partLines({ part, change, fields }: PartDiff): Part {
  return { head: `${signs[change]} ${part}`, lines: fields.map(changeLine) };
}

/** What changed stands beside the name, one thing a line, in one column. */
function formatParts(parts: readonly Part[]): string[] {
  const width = Math.max(0, ...parts.map(({ head }) => head.length));
  return parts.flatMap(({ head, lines }) => {
    if (lines.length === 0) return [head];
    return lines.map((line, at) => `${(at === 0 ? head : '').padEnd(width)}  ${line}`);
  });
}

function signed(line: string): string {
  return /^[+-] /.test(line) ? line : `~ ${line}`;
}

function testLines({ tests }: ChangedStrategy): string[] {
  const named = (sign: string, names: TestsDiff['added']) => names.map((name) => `${sign} test "${name}"`);
  return [...named('+', tests.added), ...named('-', tests.removed), ...named('~', tests.changed)];
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
