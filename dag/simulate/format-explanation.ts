// formatExplanation: an explanation for the terminal. Pure.

import { criticalText, outcomeText } from '../draw/critical-path.ts';
import { formatMs } from '../draw/describe.ts';
import { shownData } from './data-difference.ts';
import type { ExplainedCondition, ExplainedNode, Explanation } from './explanation.ts';
import { formatTable } from './table.ts';
import { wrapped } from './wrap.ts';

/** Columns of a file or a pipe. */
const defaultWidth = 100;
const sentenceIndent = 6;

/** Lines without colours. `width`: columns of the terminal. */
export function formatExplanation(explanation: Explanation, { width = defaultWidth } = {}): string {
  const { strategy, request, layers, parameters, level, levelChanges, nodes, trace } = explanation;
  return [
    `${strategy} with ${shownData(request)}`,
    ...section(
      'Experiments',
      layers.map(({ layer, sentence }) => `  ${layer}: ${sentence}`),
    ),
    ...section(
      'Parameters',
      parameters.map(({ name, value, setBy, isRead }) => {
        return `  ${name} = ${shownData(value)} (${setBy}${isRead ? '' : ', not read'})`;
      }),
    ),
    ...section(
      `Level ${level}`,
      levelChanges.map((change) => `  ${change}`),
    ),
    ...section('Nodes', nodeLines(nodes, width)),
    '',
    `${outcomeText(trace)} by estimates; values from ${explanation.valuesFrom}`,
    ...(trace.failure === undefined
      ? [`result ${shownData(trace.result)}`]
      : [`${trace.failure.code}: ${trace.failure.message}`]),
    ...(trace.criticalPath.length === 0 ? [] : [`it waited for ${criticalText(trace)}`]),
    ...notes(explanation),
  ]
    .flatMap((line) => wrapped(line, width, sentenceIndent))
    .join('\n');
}

function section(head: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', head, ...lines];
}

const signs = { done: '✓', failed: '✗', skipped: '–', cancelled: '×', 'not needed': '·' } as const;

/** Why a node ended so stands behind it, in a column of its own. */
function nodeLines(nodes: readonly ExplainedNode[], columns: number): string[] {
  const rows = formatTable(
    nodes.map(({ name, end, startMs, endMs, critical }) => [
      `${signs[end]} ${name}`,
      end,
      startMs === undefined ? '' : `${formatMs(startMs)} – ${formatMs(endMs ?? startMs)}`,
      critical ? '◆' : '',
    ]),
  );
  const width = Math.max(...rows.map((row) => row.length));
  return nodes.flatMap(({ why, when }, index) => [
    ...wrapped(`${rows[index]!.padEnd(width)}  ${why}`, columns, width + 2),
    ...(when === undefined ? [] : [`      when ${conditionText(when)}`]),
  ]);
}

function conditionText({ expression, value, failure, reads }: ExplainedCondition): string {
  const found = failure === undefined ? `is ${shownData(value)}` : `failed: ${failure}`;
  const read = reads
    .filter(({ path }) => path !== expression)
    .map(({ path, value: one }) => `${path} = ${one === undefined ? 'nothing' : shownData(one)}`);
  return `${expression} ${found}${read.length === 0 ? '' : `; ${read.join(', ')}`}`;
}

function notes({ withoutSample, withoutLatency, problems }: Explanation): string[] {
  return [
    ...(withoutSample.length > 0
      ? [`! no value is known of ${withoutSample.join(', ')}: mock them in an inline test, or give a trace with values`]
      : []),
    ...(withoutLatency.length > 0
      ? [`! no latency is known of ${withoutLatency.join(', ')}: 0 ms here; measure them, or write an estimate`]
      : []),
    ...problems.map((problem) => `! ${problem}`),
  ];
}
