// Tests that stand in a strategy file: `heddle dag test` runs them on a virtual clock.

import { choice, integer, key, list, map, object, optional, required, section, tree } from '../../document/declare.ts';
import type { Checked } from '../../document/types.ts';
import { errorCodes } from '../../runtime/errors.ts';
import { levelsMax } from './schema-degrade.ts';
import { nodeName, nodeNamePattern, nodeNameRule, time, word } from './schema-words.ts';

const plain = tree('a value of JSON', 10_000);

const mockType = object({
  result: optional(plain, 'null', 'What the node gives.', 'Nodes are never run in a test.'),
  error: optional(
    choice(...errorCodes),
    'it succeeds',
    'It fails with this code.',
    'Retries and fallbacks go by codes.',
  ),
  delay: key(time, '0ms', 'How long it takes.', 'The clock is virtual: a test takes no time.'),
});

const expectType = object({
  result: optional(
    plain,
    'anything',
    'The output: maps may have more than is written here.',
    'A test names what it is about.',
  ),
  error: optional(choice(...errorCodes), 'it succeeds', 'The strategy fails with this code.', 'Callers go by codes.'),
  message: optional(
    word('a part of the message', 'rank'),
    'anything',
    'The message contains this.',
    'It names node and cause.',
  ),
  path: optional(
    list(nodeName, 256),
    'anything',
    'The nodes that gave a value, in the order of their ends.',
    'It shows the way that the request took.',
  ),
  skipped: optional(
    list(nodeName, 256),
    'anything',
    'The nodes that were skipped.',
    'By `when`, a level, or for want of what they need.',
  ),
  failed: optional(list(nodeName, 256), 'anything', 'The nodes that failed.', 'A run can end well with some of them.'),
  degraded: optional(
    list(word('a mark such as rank: value', 'rank: value'), 256),
    'anything',
    'The marks of degradation, each `node: how`.',
    'They say what stood in for what.',
  ),
  within: optional(time, 'anything', 'It ends within this time.', 'Timeouts and budgets are tested so.'),
});

export const testType = object({
  name: required(
    word('a sentence', 'a new user gets popular items'),
    'What is tested, as a law.',
    'It is what a failure is told by.',
  ),
  request: optional(plain, 'an empty map', 'The request.', 'As a caller would send it.'),
  mocks: section(
    map(mockType, {
      name: 'node',
      example: 'users',
      namePattern: nodeNamePattern,
      nameRule: nodeNameRule,
      overridesCreate: true,
      maxEntries: 256,
    }),
    'What nodes do; every node on the way that runs or calls something needs one.',
  ),
  params: optional(
    tree('a map of parameters', 1000),
    'what the experiments give',
    'Parameters, set for the test.',
    'A test of one variant should not depend on slots.',
  ),
  level: optional(
    integer(0, levelsMax),
    '0',
    'The level of degradation.',
    'Each level is tested like the whole graph.',
  ),
  expect: section(expectType, 'What must come out.'),
});

export type CheckedTest = Checked<typeof testType>;
export type CheckedMock = Checked<typeof mockType>;
export type CheckedExpectation = Checked<typeof expectType>;
