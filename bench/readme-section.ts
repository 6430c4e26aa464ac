// speedSection: the part of README.md that says how fast Heddle is, made of a kept run of all scenarios: what a request costs
// beside the best of the others, and every goal, met or missed.

import type { SideFigures } from './measure/comparison.ts';
import type { RunResult } from './result.ts';

/** It does none of a server's work: a floor, not somebody to be ahead of. */
const floors = ['net-echo'];

export function speedSection({ command, startedAt, machine, scenarios, failures }: RunResult): string {
  const rows = Object.entries(scenarios).flatMap(([name, { comparison }]) =>
    (comparison?.shapes ?? []).flatMap(({ name: shape, sides }) =>
      sides.filter(({ isOwn }) => isOwn).map((own) => rowOf(name, shape, own, sides)),
    ),
  );
  const goals = Object.entries(scenarios).flatMap(([name, { goals }]) => goals.map((goal) => ({ name, ...goal })));
  const met = goals.filter((goal) => goal.met === true).length;
  const failed = Object.keys(failures).map((name) => `\n${name} came to nothing in this run.\n`);
  return `
## How fast

Measured side by side on ${startedAt.slice(0, 10)} with \`${command}\`: ${machine.cpus} × ${machine.cpu}, ${machine.system}, load ${machine.load} at the start, Node ${machine.node},
commit ${machine.commit}. CPU is that of the server's process, all threads, µs per request; figures are medians of rounds in which all take
turns, so the ratio says more than either. [docs/performance.md](docs/performance.md) has where the time goes, and how to repeat it.

| scenario: load | Heddle, CPU | p99 | the best of the others | CPU | p99 | Heddle takes |
|---|--:|--:|---|--:|--:|--:|
${rows.join('\n')}
${failed.join('')}
<details><summary>Goals: ${met} of ${goals.length} met</summary>

${goals.map(({ name, sentence, met }) => `- **${met === undefined ? 'open' : met ? 'met' : 'missed'}** ${name}: ${sentence}`).join('\n')}

</details>

`;
}

/** Beside whoever needs the least processor time in the same rounds. */
function rowOf(scenario: string, shape: string, own: SideFigures, sides: readonly SideFigures[]): string {
  const cell = ({ cpuUs, p99Ms }: SideFigures): [string, string] => [
    `${cpuUs.median.toFixed(1)} µs`,
    `${p99Ms.median.toFixed(2)} ms`,
  ];
  const best = sides
    .filter(({ side, isOwn }) => !isOwn && !floors.includes(side))
    .sort((left, right) => right.ratios[own.side]!.cpuUs.median - left.ratios[own.side]!.cpuUs.median)[0];
  const which = sides.filter(({ isOwn }) => isOwn).length > 1 ? `, ${own.side}` : '';
  const others =
    best === undefined
      ? ['–', '–', '–', '–']
      : [best.side, ...cell(best), `${best.ratios[own.side]!.cpuUs.median.toFixed(2)} ×`];
  return `| \`${scenario}\`: ${shape}${which} | ${[...cell(own), ...others].join(' | ')} |`;
}
