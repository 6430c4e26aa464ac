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
  oneOf,
  optional,
  orNone,
  required,
  section,
  text,
  tree,
} from '../../document/declare.ts';
import { quote } from '../../document/quote.ts';
import type { Checked } from '../../document/types.ts';
import type { Join, ReportPart } from '../definition.ts';
import { degradeType } from './schema-degrade.ts';
import { layersType } from './schema-experiments.ts';
import { defaultsType, nodePolicyKeys, policyKeys } from './schema-policies.ts';
import { testType } from './schema-tests.ts';
import {
  builtInNames,
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

const joinWords = 'all, any, none_failed or quorum N';

const joinText = text(
  joinWords,
  'quorum 2',
  '^(all|any|none_failed|quorum \\d{1,3})$',
  (written): { value: Join } | { message: string } => {
    const quorum = /^quorum (\d{1,3})$/.exec(written);
    if (quorum !== null && Number(quorum[1]) > 0) return { value: { kind: 'quorum', count: Number(quorum[1]) } };
    if (written === 'all' || written === 'any' || written === 'none_failed') return { value: { kind: written } };
    return { message: `must be ${joinWords} with N from 1, not ${quote(written)}` };
  },
);

const foreachType = object({
  in: required(expression, 'The list, worked out once the node runs.', 'Its length is known only then.'),
  as: key(
    word('a name', 'item', nodeNamePattern),
    'item',
    "The item's name in the expressions of `input`.",
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
    'A few of many may be lost without harm.',
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

const nodeKeys = object({
  run: optional(
    word('module#export, such as ./rank.ts#rank', './rank.ts#rank', runPattern),
    'none',
    'An executor: the function that a module exports.',
    'Code of your own, on a thread of this process.',
  ),
  call: optional(
    word('module#contract/method, such as ./contract.ts#Users/get', './contract.ts#Users/get', callPattern),
    'none',
    'A method of a service, by the contract that a module exports.',
    'Of this process, or of a backend that `clients` of heddle.yaml names.',
  ),
  strategy: optional(
    word('the name of a strategy', 'feed.recall', strategyNamePattern),
    'none',
    'Another graph.',
    'What several graphs share is written once.',
  ),
  value: optional(template, 'none', 'A value made of other values.', 'It takes no time and can have no policies.'),
  input: optional(template, 'an empty map', 'What the node is given.', 'Its expressions say what it waits for.'),
  needs: section(
    list(word('the name of a node, with ? when it may lack', 'users?', '^[A-Za-z_][A-Za-z0-9_]{0,63}\\??$'), nodesMax),
    'Nodes it waits for, beside those that its expressions name; `users?`: it goes on without.',
    'Expressions alone could not say that a node may lack.',
  ),
  join: key(
    joinText,
    'all',
    'When it runs: after all it needs, any of them, N of them, or after all ended and none failed (skipped ones lack).',
    'Mostly each input is needed.',
  ),
  when: optional(
    expression,
    'always',
    'It is skipped unless this is true.',
    'Paths of a graph are chosen so, also by experiments.',
  ),
  foreach: optional(
    foreachType,
    'once',
    'Runs it for each item of a list; the value is the list of results.',
    'One call for each is what many backends offer.',
  ),
  pool: optional(
    word('the name of a pool', 'rank', '^[A-Za-z_][A-Za-z0-9_-]{0,63}$'),
    "the request's own thread",
    'The pool that it runs on: several nodes of one request really run in parallel.',
    'Work that keeps a CPU busy holds up its thread.',
  ),
  ...policyKeys,
  ...nodePolicyKeys,
});

const nodeType = oneOf(nodeKeys, 'run', 'call', 'strategy', 'value');

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
export const reportParts = ['degraded', 'experiments', 'path'] as const satisfies readonly ReportPart[];

const meanings: Record<(typeof builtInNames)[number], string> = { request: 'request', params: 'parameters' };

export const strategySchema = object({
  strategy: required(
    word('a name such as feed.recommend', 'feed.recommend', strategyNamePattern),
    'Its name: `fiber.run(name, request)`.',
    'Code, other graphs and the admin call it so.',
  ),
  description: optional(
    word('a text', 'Items for the start page.'),
    'none',
    'What it is for.',
    'Shown wherever the strategy is.',
  ),
  request: optional(
    tree('a map from field to type', 1000),
    'anything',
    'The fields of the request and their types: string, number, boolean, any, list<…>, map<…>, a map of fields; `?` after it: may lack.',
    'With it, what expressions read of the request is checked before anything runs.',
  ),
  budget: section(budgetType, 'Time and extra calls of a run.'),
  defaults: section(defaultsType, 'Policies of all nodes that run or call something.'),
  nodes: required(
    map(nodeType, {
      name: 'node',
      example: 'rank',
      namePattern: nodeNamePattern,
      nameRule: nodeNameRule,
      refused: Object.fromEntries(
        builtInNames.map((name) => [
          name,
          `"${name}" can not name a node: expressions read the ${meanings[name]} by it`,
        ]),
      ),
      overridesCreate: true,
      minEntries: 1,
      maxEntries: nodesMax,
    }),
    'The steps.',
    'Where several things happen at one instant, their order in the file decides.',
  ),
  output: required(template, 'The answer.', 'Only nodes on the way to it ever run.'),
  layers: section(layersType, 'Layers of experiments.'),
  degrade: section(degradeType, 'Levels of degradation.'),
  report: key(
    list(word('degraded, experiments or path', 'path', `^(${reportParts.join('|')})$`), 3),
    ['degraded', 'experiments'],
    'What the metadata of a reply carries: strategy-degraded, strategy-experiments, strategy-path.',
    'Each is left out while there is nothing to say; the path costs a text for each run.',
  ),
  tests: section(list(testType, 256), 'Tests of this graph.'),
});

export type CheckedStrategy = Checked<typeof strategySchema>;
export type CheckedNode = Checked<typeof nodeType>;
