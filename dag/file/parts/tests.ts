// Tests that stand in a strategy file.

import type { Tree } from '../../../document/tree.ts';
import type { Data, Expectation, MockDefinition, TestDefinition } from '../../definition.ts';
import type { CheckedExpectation, CheckedMock, CheckedTest } from '../schema-tests.ts';
import { readData, readDataMap } from './data.ts';
import { type Reading, valuesOf } from './reading.ts';

export function readTests(tests: readonly CheckedTest[], reading: Reading): TestDefinition[] {
  return tests.map((test, at) => {
    const path = `tests[${at}]`;
    const { source, start } = reading.report.places.of(path);
    return {
      name: test.name?.value ?? '',
      where: source.origin(start),
      request: dataOf(test.request, `${path}.request`, reading) ?? {},
      mocks: [...test.mocks].map(([node, { value }]) => mockOf(node, value, `${path}.mocks.${node}`, reading)),
      params:
        test.params === undefined
          ? undefined
          : readDataMap(test.params, 'a map from parameter to value', `${path}.params`, reading.report),
      level: test.level?.value ?? 0,
      expect: expectationOf(test.expect, `${path}.expect`, reading),
    };
  });
}

function mockOf(node: string, mock: CheckedMock, path: string, reading: Reading): MockDefinition {
  if (mock.result !== undefined && mock.error !== undefined) {
    reading.report.add(`${path}.error~key`, `${node} can not both have a result and fail`);
  }
  const result = dataOf(mock.result, `${path}.result`, reading) ?? null;
  return { node, result, error: mock.error?.value, delayMs: mock.delay.value ?? 0 };
}

function expectationOf(expect: CheckedExpectation, path: string, reading: Reading): Expectation {
  if (expect.result !== undefined && expect.error !== undefined) {
    reading.report.add(`${path}.error~key`, 'a run can not both have a result and fail');
  }
  const names = (list: CheckedExpectation['path']) => (list === undefined ? undefined : valuesOf(list));
  return {
    result: dataOf(expect.result, `${path}.result`, reading),
    error: expect.error?.value,
    message: expect.message?.value,
    path: names(expect.path),
    skipped: names(expect.skipped),
    failed: names(expect.failed),
    degraded: names(expect.degraded),
    withinMs: expect.within?.value,
  };
}

function dataOf(tree: Tree | undefined, path: string, { report }: Reading): Data | undefined {
  return tree === undefined ? undefined : readData(tree, path, report);
}
