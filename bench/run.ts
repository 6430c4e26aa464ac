// `npm run bench`: runs scenarios one after another and prints what came out, with the machine that it was measured on.

import { mkdirSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCommandLine } from './command-line.ts';
import { machine, machineText } from './measure/machine.ts';
import { reportText } from './report.ts';
import type { ScenarioReport } from './scenario.ts';
import { allScenarios } from './scenarios/all.ts';

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  const options = readCommandLine(words, allScenarios);
  if ('text' in options) {
    (options.isMistake ? console.error : console.log)(options.text);
    process.exitCode = options.isMistake ? 2 : 0;
    return;
  }
  const where = machine();
  const startedAt = new Date().toISOString();
  console.log(machineText(where));
  const reports: Record<string, ScenarioReport> = {};
  for (const { name, seconds, run } of options.scenarios) {
    const report = await run({ seconds: options.seconds ?? seconds, onStep: (step) => tell(`${name}: ${step}`) });
    tell('');
    console.log(`\n${reportText(name, report)}`);
    reports[name] = report;
  }
  const command = ['npm run bench --', ...words].join(' ');
  const jsonOf = (reports: Record<string, ScenarioReport>): string => {
    const scenarios = Object.fromEntries(
      Object.entries(reports).map(([name, { method, goals, data }]) => [name, { method, goals, ...data }]),
    );
    return `${JSON.stringify({ command, startedAt, machine: where, scenarios }, null, 2)}\n`;
  };
  if (options.jsonPath !== undefined) writeFileSync(options.jsonPath, jsonOf(reports));
  // A run that was cut short is no result.
  if (options.seconds !== undefined) return;
  for (const [name, report] of Object.entries(reports)) {
    if (report.picture === undefined) continue;
    keep(`../docs/pictures/${name}.svg`, report.picture);
    keep(`results/${name}.json`, jsonOf({ [name]: report }));
  }
}

function keep(path: string, text: string): void {
  const file = new URL(path, import.meta.url);
  mkdirSync(new URL('.', file), { recursive: true });
  writeFileSync(file, text);
  console.log(`kept in ${relative(process.cwd(), fileURLToPath(file))}`);
}

/** One line that the next one takes the place of; nothing where nobody watches. */
function tell(step: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${step}`);
}

await main();
