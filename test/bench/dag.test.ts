// The benches run and come to what they should; what they measure is nobody's business here.

import test from 'ava';
import { readCommandLine } from '../../bench/command-line.ts';
import { spreadOf } from '../../bench/measure/pairs.ts';
import { reportText } from '../../bench/report.ts';
import { allScenarios } from '../../bench/scenarios/all.ts';
import { type GraphKind, nameOf, type Sums } from '../../bench/scenarios/dag/graphs.ts';
import { handWritten } from '../../bench/scenarios/dag/hand-written.ts';
import { StrategyThread } from '../../bench/scenarios/dag/thread.ts';
import { dag } from '../../bench/scenarios/dag.ts';

const kinds: readonly GraphKind[] = ['async', 'sync', 'value', 'unlimited'];

test('each graph gives what the same by hand gives', async (t) => {
  await using thread = await StrategyThread.load(import.meta.resolve('../../bench/scenarios/dag/graphs.ts'));
  for (const kind of kinds) {
    for (const nodes of [10, 30, 50]) {
      const request = { x: 3 };
      const asStrategy = await thread.run((fiber) => fiber.run<typeof request, Sums>(nameOf(kind, nodes), request));
      t.deepEqual(asStrategy, await handWritten(kind, nodes)(request));
      // Each layer adds two of the one before: twice as much as a node of that.
      t.is(asStrategy[`n${nodes - 1}`], 4 * 2 ** (nodes / 5 - 1));
    }
  }
});

test('a report has a row for each graph, a goal, and numbers for a file', async (t) => {
  const steps: string[] = [];
  const report = await dag.run({ seconds: 0.05, onStep: (step) => steps.push(step) });
  t.is(report.rows.length, 12);
  t.true(report.rows.every((row) => row.length === report.columns.length));
  t.is(report.goals.length, 1);
  t.true(steps.length > 0);
  const { graphs } = JSON.parse(JSON.stringify(report.data)) as { graphs: Record<string, unknown>[] };
  for (const graph of graphs) {
    t.true(kinds.includes(graph.kind as GraphKind));
    t.deepEqual(Object.keys(graph.perNode as object), ['median', 'min', 'max']);
    t.deepEqual(Object.keys(graph.bytesPerNode as object), ['handWritten', 'strategy']);
    t.true(Array.isArray(graph.allocators));
  }
  t.regex(reportText('dag', report), /^async, 10 nodes +\d.*(met|missed)/m);
});

test('the median of an even count lies between the two in the middle', (t) => {
  t.deepEqual(spreadOf([4, 1, 3, 2]), { median: 2.5, min: 1, max: 4 });
  t.deepEqual(spreadOf([9, 1, 2]), { median: 2, min: 1, max: 9 });
});

test('the command line names scenarios, or all of them', (t) => {
  const nothing = { peers: undefined, seconds: undefined, jsonPath: undefined, htmlPath: undefined };
  t.deepEqual(readCommandLine([], allScenarios), { scenarios: allScenarios, ...nothing });
  t.deepEqual(readCommandLine(['dag', '--seconds', '2.5', '--json', 'a.json'], allScenarios), {
    ...nothing,
    scenarios: [dag],
    seconds: 2.5,
    jsonPath: 'a.json',
  });
});

test('what is wrong on the command line is said, with the name that was meant', (t) => {
  for (const [words, sentence] of [
    [['dga'], "there is no scenario 'dga' (did you mean 'dag'?)"],
    [['--seconds', '0'], '--seconds 0: give a number above 0, at most 3600'],
    [['--html', 'nowhere/a.html'], 'there is no folder for nowhere/a.html'],
    [['--second', '1'], "Unknown option '--second'"],
  ] as const) {
    const read = readCommandLine([...words], allScenarios);
    if (!('text' in read)) return t.fail(`${words} is accepted`);
    t.true(read.isMistake);
    t.true(read.text.startsWith(sentence), read.text);
  }
  const help = readCommandLine(['--help'], allScenarios);
  t.like(help, { isMistake: false });
});
