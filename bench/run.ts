// `npm run bench`: runs scenarios one after another and prints what came out, with the machine that it was measured on.

import { writeFileSync } from 'node:fs';
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
  if (options.jsonPath === undefined) return;
  const command = ['npm run bench --', ...words].join(' ');
  const scenarios = Object.fromEntries(
    Object.entries(reports).map(([name, { method, goals, data }]) => [name, { method, goals, ...data }]),
  );
  writeFileSync(options.jsonPath, `${JSON.stringify({ command, startedAt, machine: where, scenarios }, null, 2)}\n`);
}

/** One line that the next one takes the place of; nothing where nobody watches. */
function tell(step: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${step}`);
}

await main();
