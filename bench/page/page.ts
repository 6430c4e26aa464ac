// pageOf: a run of the bench as one HTML page that needs nothing else: no script, no font, no file beside it. What it was
// measured on stands on top, then all goals, then each scenario with its method in words, its plots and its table.

import { loadWarning } from '../measure/machine.ts';
import { escaped } from '../picture/escaped.ts';
import type { RunResult, ScenarioResult } from '../result.ts';
import type { Goal } from '../scenario.ts';
import { comparisonPlots, drawPlot } from './plot.ts';
import { pageStyle } from './style.ts';

export function pageOf(run: RunResult): string {
  const { command, startedAt, machine, scenarios, failures } = run;
  const names = Object.keys(scenarios);
  const warning = loadWarning(machine);
  const about = [
    ['measured', `${startedAt.slice(0, 16).replace('T', ' ')} UTC`],
    ['command', command],
    ['machine', `${machine.cpus} × ${machine.cpu}, ${machine.system}, load ${machine.load} at the start`],
    ['versions', `Node ${machine.node}, V8 ${machine.v8}`],
    ['commit', machine.commit],
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Heddle bench, ${escaped(startedAt.slice(0, 10))}</title>
<style>${pageStyle}</style>
</head>
<body>
<h1>Heddle, measured</h1>
<dl>${about.map(([what, text]) => `<dt>${what}</dt><dd>${what === 'command' ? `<code>${escaped(text!)}</code>` : escaped(text!)}</dd>`).join('\n')}</dl>
${warning === undefined ? '' : `<p class="warning">${escaped(warning)}</p>`}
${Object.entries(failures)
  .map(([name, reason]) => `<p class="warning">${escaped(`${name} failed: ${reason}`)}</p>`)
  .join('\n')}
<nav>${names.map((name) => `<a href="#${escaped(name)}">${escaped(name)}</a>`).join('\n')}</nav>
${summaryOf(Object.values(scenarios).flatMap(({ goals }) => goals))}
${names.map((name) => sectionOf(name, scenarios[name]!)).join('\n')}
</body>
</html>
`;
}

function summaryOf(goals: readonly Goal[]): string {
  const count = (met: boolean | undefined): number => goals.filter((goal) => goal.met === met).length;
  const open = count(undefined) === 0 ? '' : `, ${count(undefined)} not judged`;
  return `<p>Goals: ${count(true)} met, ${count(false)} missed${open}. On a busy machine ratios say more than figures: all sides of a scenario took turns.</p>`;
}

function sectionOf(name: string, scenario: ScenarioResult): string {
  const { method, columns, rows, goals, plots = [], comparison } = scenario;
  const drawn = [...plots, ...(comparison === undefined ? [] : comparisonPlots(comparison))].map(drawPlot);
  const row = (cells: readonly string[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  return `<section id="${escaped(name)}">
<h2>${escaped(name)}</h2>
${goals.length === 0 ? '' : `<ul class="goals">${goals.map(goalItem).join('\n')}</ul>`}
<p class="method">${escaped(method.join(' '))}</p>
<div class="plots">${drawn.map((svg) => `<figure>${svg}</figure>`).join('\n')}</div>
<div class="table"><table><thead>${row(columns, 'th')}</thead>
<tbody>${rows.map((cells) => row(cells, 'td')).join('\n')}</tbody></table></div>
</section>`;
}

function goalItem({ sentence, met, ratio }: Goal): string {
  const word = met === undefined ? 'open' : met ? 'met' : 'missed';
  const shown = ratio === undefined ? '' : `× ${ratio.toFixed(2)}`;
  return `<li class="${word}"><span class="badge">${word}</span><span class="ratio">${shown}</span><span>${escaped(sentence)}</span></li>`;
}
