// The parts of a timeline's page around its picture: summary, tables, and values folded away. All text is escaped here.

import type { Data } from '../../definition.ts';
import type { RunTrace } from '../../run/trace.ts';
import { criticalText } from '../critical-path.ts';
import { formatMs } from '../describe.ts';
import { escapeMarkup } from '../escape.ts';

/** Of one JSON text: pages stay small whatever a request carries. */
export const valueCharsMax = 20_000;

export function renderSummary(trace: RunTrace): string {
  const parts: string[] = [];
  const path = criticalText(trace);
  if (path !== '') parts.push(`<p class="path">critical path: ${escapeMarkup(path)}</p>`);
  if (trace.failure !== undefined) {
    const { code, message } = trace.failure;
    parts.push(`<p class="failure"><b>${escapeMarkup(code)}</b> ${escapeMarkup(message)}</p>`);
  }
  if (trace.degraded.length > 0) {
    parts.push(`<p class="mark">degraded: ${escapeMarkup(trace.degraded.join(' · '))}</p>`);
  }
  return parts.join('\n');
}

export function renderTables(trace: RunTrace): string {
  const { params, exposures, nodes } = trace;
  const names = Object.keys(params);
  return [
    names.length === 0
      ? ''
      : `<h2>Parameters read</h2>\n${table(
          ['parameter', 'value'],
          names.map((name) => [cell(name), code(params[name]!)]),
        )}`,
    exposures.length === 0
      ? ''
      : `<h2>Experiments</h2>\n${table(
          ['layer', 'experiment', 'variant', 'slot', ''],
          exposures.map(({ layer, experiment, variant, slot, forced }) => [
            cell(layer),
            cell(experiment),
            cell(variant),
            number(String(slot)),
            cell(forced ? 'allowed by list' : ''),
          ]),
        )}`,
    `<details><summary>Nodes</summary>\n<div class="scroll">${table(
      ['node', 'end', 'demanded', 'began', 'ended', 'attempts', 'after', 'marks', 'failure'],
      nodes.map((node) => [
        cell(node.critical ? `${node.name} *` : node.name),
        cell(node.end),
        number(formatMs(node.demandedMs)),
        number(node.startMs === undefined ? '' : formatMs(node.startMs)),
        number(formatMs(node.endMs)),
        number(String(node.attempts.length)),
        cell(node.after ?? ''),
        cell([...node.marks, ...(node.cached ? ['cached'] : [])].join(', ')),
        cell(node.failure === undefined ? '' : `${node.failure.code}: ${node.failure.message}`),
      ]),
    )}</div>\n<p class="faint">* on the critical path</p></details>`,
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** Request, result and the nodes' values, as far as the trace has them. */
export function renderValues({ request, result, nodes }: RunTrace): string {
  const values: (readonly [title: string, value: Data | undefined])[] = [
    ['Request', request],
    ['Result', result],
    ...nodes.map(({ name, value }) => [`Value of ${name}`, value] as const),
  ];
  return values
    .filter(([, value]) => value !== undefined)
    .map(
      ([title, value]) =>
        `<details><summary>${escapeMarkup(title)}</summary><pre>${escapeMarkup(valueText(value!))}</pre></details>`,
    )
    .join('\n');
}

function valueText(value: Data): string {
  const text = JSON.stringify(value, null, 2);
  if (text.length <= valueCharsMax) return text;
  return `${text.slice(0, valueCharsMax)}\n… ${text.length - valueCharsMax} characters more`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heads.map((text) => `<th>${escapeMarkup(text)}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.join('')}</tr>`).join('\n');
  return `<table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table>`;
}

function cell(text: string): string {
  return `<td>${escapeMarkup(text)}</td>`;
}

function number(text: string): string {
  return `<td class="number">${escapeMarkup(text)}</td>`;
}

function code(value: Data): string {
  return `<td><code>${escapeMarkup(valueText(value))}</code></td>`;
}
