// `npm run bench`: runs scenarios one after another and prints what came out, with the machine that it was measured on.

import { writeFileSync } from 'node:fs';
import { readCommandLine } from './command-line.ts';
import { writeDocuments } from './documents.ts';
import { keep } from './keep.ts';
import { machine, machineText } from './measure/machine.ts';
import { pageCommand } from './page/command.ts';
import { pageOf } from './page/page.ts';
import { profileCommand } from './profile/command.ts';
import { reportText } from './report.ts';
import { keptText, resultOf, resultText } from './result.ts';
import type { ScenarioReport } from './scenario.ts';
import { allScenarios } from './scenarios/all.ts';

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  if (words[0] === 'profile') return exitWith(await profileCommand(words.slice(1), (step) => tell(step)));
  if (words[0] === 'page') return exitWith(pageCommand(words.slice(1)));
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
  const failures: Record<string, string> = {};
  for (const { name, seconds, peers = [], run } of options.scenarios) {
    const chosen = peers.filter((peer) => options.peers?.includes(peer) ?? true);
    const onStep = (step: string): void => tell(`${name}: ${step}`);
    try {
      const report = await run({ seconds: options.seconds ?? seconds, peers: chosen, onStep });
      tell('');
      console.log(`\n${reportText(name, report)}`);
      reports[name] = report;
    } catch (reason) {
      // The others are measured all the same: they take long.
      tell('');
      console.error(`\n${name}\n\nfailed  ${reason instanceof Error ? reason.stack : reason}`);
      failures[name] = reason instanceof Error ? reason.message : `${reason}`;
      process.exitCode = 1;
    }
  }
  const command = ['npm run bench --', ...words].join(' ');
  const result = resultOf({ command, startedAt, machine: where }, reports, failures);
  if (options.jsonPath !== undefined) writeFileSync(options.jsonPath, resultText(result));
  if (options.htmlPath !== undefined) writeFileSync(options.htmlPath, pageOf(result));
  // A run that was cut short is no result.
  if (options.seconds !== undefined || options.peers !== undefined) return;
  for (const [name, { picture }] of Object.entries(reports)) {
    if (picture === undefined) continue;
    keep(`docs/pictures/${name}.svg`, picture);
    const alone = { ...result, scenarios: { [name]: result.scenarios[name] }, failures: {} };
    keep(`bench/results/${name}.json`, keptText(alone));
  }
  if (Object.keys(reports).length < allScenarios.length) return;
  keep('bench/results/all.json', keptText(result));
  writeDocuments();
}

function exitWith(code: number): void {
  process.exitCode = code;
}

/** One line that the next one takes the place of; nothing where nobody watches. */
function tell(step: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${step}`);
}

await main();
