// Tests that stand in a strategy file: `heddle dag test` runs them on a virtual clock.

import { choice, integer, key, list, map, object, optional, required, section, tree } from '../../document/declare.ts';
import { errorCodes } from '../../runtime/errors.ts';
import { levelsMax } from './schema-degrade.ts';
import { nodeName, nodeNamePattern, nodeNameRule, time, word } from './schema-words.ts';

const plain = tree('a value of JSON', 10_000);

const mockType = object({
  result: optional(plain, 'null', 'What the node gives.', ''),
  error: optional(choice(...errorCodes), 'it succeeds', 'It fails with this code.', ''),
  delay: key(time, '0ms', 'How long it takes.', ''),
});

const expectType = object({
  result: optional(plain, 'anything', 'The output: maps may have more than is written here.', ''),
  error: optional(choice(...errorCodes), 'it succeeds', 'The strategy fails with this code.', ''),
  message: optional(word('a part of the message', 'rank'), 'anything', 'The message contains this.', ''),
  path: optional(list(nodeName, 256), 'anything', 'The nodes that gave a value, in the order of their ends.', ''),
  skipped: optional(list(nodeName, 256), 'anything', 'The nodes that were skipped.', ''),
  failed: optional(list(nodeName, 256), 'anything', 'The nodes that failed.', ''),
  degraded: optional(
    list(word('a mark such as rank: value', 'rank: value'), 256),
    'anything',
    'The marks of degradation, each `node: how`.',
    '',
  ),
  within: optional(time, 'anything', 'It ends within this time.', ''),
});

export const testType = object({
  name: required(word('a sentence', 'a new user gets popular items'), 'What is tested, as a law.', ''),
  request: optional(plain, 'an empty map', 'The request.', ''),
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
  params: optional(tree('a map of parameters', 1000), 'what the experiments give', 'Parameters, set for the test.', ''),
  level: optional(integer(0, levelsMax), '0', 'The level of degradation.', ''),
  expect: section(expectType, 'What must come out.'),
});
