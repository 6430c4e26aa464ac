// Tests in the file: whether they speak of nodes, parameters and levels that there are, and expect what can be.

import { nearest } from '../../runtime/nearest.ts';
import type { MockDefinition, TestDefinition } from '../definition.ts';
import { valueObjection } from '../experiment/parameter-value.ts';
import { dataMisfit, fieldPath } from './shapes.ts';
import type { StrategyTypes } from './strategy-types.ts';
import { listed, type Subject } from './subject.ts';

export function checkInlineTests(subject: Subject, types: StrategyTypes): void {
  const seen = new Map<string, number>();
  for (const [index, test] of subject.definition.tests.entries()) {
    const path = `tests[${index}]`;
    if (seen.has(test.name)) {
      subject.report.add(`${path}.name`, `there is another test of this name; a name says which one failed`);
    }
    seen.set(test.name, index);
    checkRequest(subject, test, path);
    for (const mock of test.mocks) checkMock(subject, mock, `${path}.mocks.${mock.node}`, types);
    checkParams(subject, test, path);
    const levels = subject.definition.degrade.levels.map(({ level }) => level);
    if (test.level !== 0 && !levels.includes(test.level)) {
      const declared = levels.length === 0 ? 'none is' : `declared: ${levels.join(', ')}`;
      subject.report.add(`${path}.level`, `level ${test.level} is not declared under degrade.levels; ${declared}`);
    }
    checkExpected(subject, test, `${path}.expect`);
  }
}

function checkRequest(subject: Subject, { request }: TestDefinition, path: string): void {
  const found = dataMisfit(request, subject.definition.request);
  if (found === undefined) return;
  const { places } = subject.report;
  const exact = fieldPath([`${path}.request`, ...found.fields]);
  const where = [exact, `${path}.request`, `${path}.name`].find((one) => places.has(one)) ?? path;
  subject.report.add(where, `${fieldPath(['request', ...found.fields])} of this test ${found.wrong}`);
}

function checkMock(subject: Subject, { node: name, result }: MockDefinition, path: string, types: StrategyTypes) {
  if (!subject.knows(name, `${path}~key`, 'to mock')) return;
  const node = subject.nodes.get(name)!;
  if (node.work.kind === 'value') {
    subject.report.add(`${path}~key`, `${name} is a value: a test works it out itself, there is nothing to mock`);
    return;
  }
  const response = types.workOf(node)?.response;
  if (!subject.report.places.has(`${path}.result`) || response === undefined || node.foreach !== undefined) return;
  const found = dataMisfit(result, response);
  if (found === undefined) return;
  const exact = fieldPath([`${path}.result`, ...found.fields]);
  const where = subject.report.places.has(exact) ? exact : `${path}.result`;
  subject.report.add(where, `${fieldPath(['result', ...found.fields])} of ${name} ${found.wrong}`);
}

function checkParams(subject: Subject, { params }: TestDefinition, path: string): void {
  const known = new Map(
    subject.definition.layers.flatMap(({ parameters }) => parameters.map((parameter) => [parameter.name, parameter])),
  );
  for (const [name, value] of Object.entries(params ?? {})) {
    const parameter = known.get(name);
    if (parameter === undefined) {
      const suggestion = nearest(name, known.keys());
      const hints = suggestion === undefined ? { allowed: [...known.keys()] } : { suggestion };
      subject.report.add(`${path}.params.${name}~key`, `there is no parameter "${name}"`, hints);
      continue;
    }
    const { choices, ...unbound } = parameter;
    const objection = valueObjection({ ...unbound, ...(choices === undefined ? {} : { choices }) }, value);
    if (objection !== undefined) subject.report.add(`${path}.params.${name}`, `${name} ${objection}`);
  }
}

function checkExpected(subject: Subject, { expect }: TestDefinition, path: string): void {
  const { result, message } = expect;
  if (message !== undefined && result !== undefined) {
    subject.report.add(`${path}.message~key`, 'message is that of a failure, and a run that fails has no result');
  }
  const endings = ['path', 'skipped', 'failed'] as const;
  for (const ending of endings) {
    for (const [index, name] of (expect[ending] ?? []).entries()) {
      if (!subject.knows(name, `${path}.${ending}[${index}]`, `in expect.${ending}`)) continue;
      const others = endings.filter((other) => other !== ending && expect[other]?.includes(name));
      const isFirst = others.every((other) => endings.indexOf(other) > endings.indexOf(ending));
      if (others.length === 0 || isFirst) continue;
      subject.report.add(
        `${path}.${ending}[${index}]`,
        `${name} ends in one way only, and stands in ${listed([...others, ending])}`,
      );
    }
  }
  for (const [index, mark] of (expect.degraded ?? []).entries()) {
    const where = `${path}.degraded[${index}]`;
    const colon = mark.indexOf(': ');
    if (colon === -1) {
      subject.report.add(where, 'a mark of degradation is written node: how, such as "rank: value", in quotes');
    } else subject.knows(mark.slice(0, colon), where, 'in expect.degraded');
  }
}
