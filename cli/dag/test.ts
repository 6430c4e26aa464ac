// `heddle dag test`: runs the tests that stand in strategies, on a virtual clock; what fails says why, with its path and
// its timeline.

import type { StrategyDefinition } from '../../dag/definition.ts';
import { drawTimelineTerminal } from '../../dag/draw/timeline.ts';
import { type InlineTestResult, runInlineTest } from '../../dag/simulate/inline-tests.ts';
import { exitCodes } from '../exit-codes.ts';
import { type LoadOptions, loadRight } from './load.ts';
import { looks } from './output.ts';

export interface TestOptions extends LoadOptions {
  /** Only tests whose strategy and name contain this; case does not matter. */
  grep?: string;
}

/** Resolves with the exit code. */
export async function dagTest(files: readonly string[], { grep = '', ...where }: TestOptions): Promise<number> {
  const { definitions, known } = await loadRight(files, where);
  let passed = 0;
  let failed = 0;
  for (const definition of definitions) {
    for (const test of definition.tests) {
      if (!titleOf(definition, test).toLowerCase().includes(grep.toLowerCase())) continue;
      const result = runInlineTest(definition, test, known[definition.name]);
      process.stdout.write(textOf(definition, result));
      if (result.passed) passed++;
      else failed++;
    }
  }
  process.stdout.write(`${passed + failed > 0 ? '\n' : ''}${passed} passed, ${failed} failed\n`);
  if (passed + failed > 0) return failed === 0 ? exitCodes.ok : exitCodes.failed;
  const why = grep === '' ? 'the strategies have no tests' : `no test has ${JSON.stringify(grep)} in its name`;
  process.stderr.write(`heddle: ${why}\n`);
  return exitCodes.failed;
}

function titleOf({ name }: StrategyDefinition, test: { name: string }): string {
  return `${name}: ${test.name}`;
}

function textOf(definition: StrategyDefinition, result: InlineTestResult): string {
  const { width, colour } = looks();
  const sign = result.passed ? inked('32', '✔', colour) : inked('31', '✘', colour);
  const head = `${sign} ${titleOf(definition, result)}`;
  if (result.passed) return `${head}\n`;
  const { trace } = result;
  return `${[
    `${head}  (${result.where})`,
    ...result.problems.flatMap((problem) => indented(`- ${problem}`)),
    `    path: ${trace.path.length === 0 ? 'no node was done' : trace.path.join(', ')}`,
    ...(trace.degraded.length === 0 ? [] : [`    degraded: ${trace.degraded.join('; ')}`]),
    '',
    ...indented(drawTimelineTerminal(trace, width - 4, { colour }).trimEnd()),
    '',
  ].join('\n')}\n`;
}

function indented(text: string): string[] {
  return text.split('\n').map((line) => `    ${line}`.trimEnd());
}

function inked(code: string, text: string, colour: boolean): string {
  return colour ? `\x1b[${code}m${text}\x1b[0m` : text;
}
