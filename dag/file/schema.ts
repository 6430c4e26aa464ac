// The schema of a strategy file, declared once: reading, spelling, the reference, the JSON Schema for editors and the
// types of what was read all come from here. What a TypeScript author passes to strategy() has the same keys.

import {
  choice,
  duration,
  integer,
  key,
  list,
  map,
  object,
  optional,
  orNone,
  required,
  section,
  text,
  tree,
} from '../../document/declare.ts';
import type { Checked, CheckedEntry } from '../../document/types.ts';
import { degradeType } from './schema-degrade.ts';
import { layersType } from './schema-experiments.ts';
import { nodePolicyKeys, policyKeys } from './schema-policies.ts';
import { testType } from './schema-tests.ts';
import {
  expression,
  nodeNamePattern,
  nodeNameRule,
  percent,
  strategyNamePattern,
  template,
  word,
} from './schema-words.ts';

/** Nodes of one graph. */
export const nodesMax = 256;
/** Items that one `foreach` may be declared for. */
export const itemsLimit = 10_000;

export type Join = { kind: 'all' | 'any' | 'none_failed' } | { kind: 'quorum'; count: number };

const joinText = text(
  'all, any, none_failed or quorum N',
  'quorum 2',
  '^(all|any|none_failed|quorum \\d{1,3})$',
  (written): { value: Join } | { message: string } => {
    const quorum = /^quorum (\d{1,3})$/.exec(written);
    if (quorum !== null && Number(quorum[1]) > 0) return { value: { kind: 'quorum', count: Number(quorum[1]) } };
    if (written === 'all' || written === 'any' || written === 'none_failed') return { value: { kind: written } };
    return { message: 'must be all, any, none_failed or quorum N with N from 1' };
  },
);

const foreachType = object({
  in: required(expression, 'The list.', ''),
  as: key(
    word('a name', 'item', nodeNamePattern),
    'item',
    "The item's name in input, when and key.",
    'It reads well in most graphs.',
  ),
  maxItems: required(integer(1, itemsLimit), 'Items at most; a longer list fails the node.', 'Work must have a bound.'),
  parallel: key(
    integer(1, itemsLimit),
    8,
    'Items under way at once.',
    'Enough to hide the network, few enough to leave room for others.',
  ),
  quorum: optional(
    integer(0, itemsLimit),
    'all of them',
    'So many items must succeed; the node ends as soon as all have ended.',
    '',
  ),
  failed: key(
    choice('hole', 'drop'),
    'hole',
    'What stands for an item that failed, where `quorum` lets it: null in its place (hole), or nothing (drop).',
    'Places keep their numbers.',
  ),
});

const callPattern = '^(\\S+)#([A-Za-z_$][\\w$]*)/([A-Za-z_]\\w*)$';
const runPattern = '^(\\S+)#([A-Za-z_$][\\w$]*)$';

const nodeType = object({
  run: optional(
    word('module#export, such as ./rank.ts#rank', './rank.ts#rank', runPattern),
    'none',
    'An executor: the function that a module exports.',
    '',
  ),
  call: optional(
    word('module#contract/method, such as ./contract.ts#Users/get', './contract.ts#Users/get', callPattern),
    'none',
    'A method of a service, by the contract that a module exports.',
    '',
  ),
  strategy: optional(word('the name of a strategy', 'feed.recall', strategyNamePattern), 'none', 'Another graph.', ''),
  value: optional(template, 'none', 'A value made of other values.', ''),
  input: optional(template, 'an empty map', 'What the node is given.', ''),
  needs: section(
    list(word('the name of a node, with ? when it may lack', 'users?', '^[A-Za-z_][A-Za-z0-9_]{0,63}\\??$'), nodesMax),
    'Nodes it waits for, beside those that its expressions name; `users?`: it goes on without.',
  ),
  join: key(
    joinText,
    'all',
    'When it runs: after all it needs, any of them, N of them, or after all ended and none failed (skipped ones lack).',
    'Mostly each input is needed.',
  ),
  when: optional(expression, 'always', 'It is skipped unless this is true.', ''),
  foreach: optional(foreachType, 'once', 'Runs it for each item of a list; the value is the list of results.', ''),
  pool: optional(
    word('the name of a pool', 'rank', '^[A-Za-z_][A-Za-z0-9_-]{0,63}$'),
    "the request's own thread",
    'The pool that it runs on: several nodes of one request really run in parallel.',
    '',
  ),
  ...policyKeys,
  ...nodePolicyKeys,
});

const budgetType = object({
  total: key(
    duration('1ms', '24h', orNone),
    'none',
    "Longest time of the graph; the request's own deadline holds too.",
    'Only the author knows what it is worth.',
  ),
  reserve: key(
    duration('1ms', '1h', orNone),
    'none',
    'Part of it that nodes may not use, kept for the answer.',
    'Most graphs end with their output.',
  ),
  retries: key(
    percent,
    '20%',
    'Retries for each run of a node, as a share of all its runs on the thread.',
    'More would double the load of a backend in trouble.',
  ),
  hedges: key(percent, '10%', 'The same for hedges.', 'p95 asks for half of it.'),
});

/** What a reply can carry of its run, in its metadata. */
export const reportParts = ['degraded', 'experiments', 'path'] as const;
export type ReportPart = (typeof reportParts)[number];

export const strategySchema = object({
  strategy: required(
    word('a name such as feed.recommend', 'feed.recommend', strategyNamePattern),
    'Its name: `fiber.run(name, request)`.',
    '',
  ),
  description: optional(word('a text', 'Items for the start page.'), 'none', 'What it is for.', ''),
  request: optional(
    tree('a map from field to type', 1000),
    'anything',
    'The fields of the request and their types: string, number, boolean, any, list<…>, map<…>, a map of fields; `?` after it: may lack.',
    '',
  ),
  budget: section(budgetType, 'Time and extra calls of a run.'),
  defaults: section(object(policyKeys), 'Policies of all nodes that run or call something.'),
  nodes: required(
    map(nodeType, {
      name: 'node',
      example: 'rank',
      namePattern: nodeNamePattern,
      nameRule: nodeNameRule,
      overridesCreate: true,
      minEntries: 1,
      maxEntries: nodesMax,
    }),
    'The steps.',
    '',
  ),
  output: required(template, 'The answer.', ''),
  layers: section(layersType, 'Layers of experiments.'),
  degrade: section(degradeType, 'Levels of degradation.'),
  report: key(
    list(word('degraded, experiments or path', 'path', `^(${reportParts.join('|')})$`), 3),
    ['degraded', 'experiments'],
    'What the metadata of a reply carries: heddle-degraded, heddle-experiments, heddle-path.',
    'Each is left out while there is nothing to say; the path costs a text for each run.',
  ),
  tests: section(list(testType, 256), 'Tests of this graph.'),
});

export type CheckedStrategy = Checked<typeof strategySchema>;
export type CheckedNode = Checked<typeof nodeType>;
export type CheckedNodes = Map<string, CheckedEntry<typeof nodeType>>;
export type CheckedTest = Checked<typeof testType>;
export const nodeTypeOfSchema = nodeType;
