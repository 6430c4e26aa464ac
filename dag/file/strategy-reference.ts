// strategyReference: docs/strategies-reference.md, made from the schema, so that it can't say anything else than the
// reader does.

import { sectionLines } from '../../document/reference.ts';
import { strategySchema } from './schema.ts';

/** A file that is right, for the page and its test. */
export const referenceExample = `# yaml-language-server: $schema=./node_modules/heddle/docs/strategy.schema.json
strategy: feed.recommend
request: { user: string, k: number, country: string? }
budget: { total: 80ms, reserve: 5ms }
defaults: { timeout: 30ms }
nodes:
  profile:
    call: ./contract.ts#Users/get
    input: { id: request.user }
    timeout: 10ms
    fallback: [{ value: { segment: "'new'" } }]
  recall: { run: ./recall.ts#recall, input: { segment: profile.segment, k: request.k * 3 } }
  extra: { call: ./contract.ts#Extra/find, input: { id: request.user }, when: params.useExtra }
  rank:
    run: ./rank.ts#rank
    pool: rank
    needs: [extra?]
    input: { items: recall.items, more: "extra.?items.orValue([])" }
    light: rankLight
  rankLight: { run: ./rank.ts#light, input: { items: recall.items } }
output: { items: rank.items }
layers:
  ranking:
    unit: request.user
    params: { useExtra: { default: false } }
    experiments:
      extra-recall:
        slots: [0-99999]
        variants:
          without: { weight: 50 }
          with: { weight: 50, params: { useExtra: true } }
degrade:
  levels: { 1: { replace: { rank: rankLight } } }
  signals: [{ level: 1, signal: queueDelay, above: 20 }]
tests:
  - name: without a profile everybody is new
    request: { user: u1, k: 2 }
    mocks:
      profile: { error: UNAVAILABLE }
      recall: { result: { items: [a, b] } }
      rank: { result: { items: [b, a] }, delay: 2.5ms }
    expect: { result: { items: [b, a] }, degraded: ["profile: value"] }
`;

/** The whole page. */
export function strategyReference(): string {
  const about = 'A file is one map; each of its maps has a section below.';
  return `${[...introduction, ...sectionLines('', strategySchema, about)].join('\n')}\n`;
}

const introduction = [
  '# The strategy file',
  '',
  '<!-- Made by `node dag/generate-docs.ts` from dag/file/schema.ts; edit there. -->',
  '',
  'Every key of a strategy, with its value, its default, what it does and why. [strategies.md](strategies.md) is the guide.',
  'Editors complete the file with `docs/strategy.schema.json`, as the first line of the example says. In TypeScript,',
  '`strategy(name, options)` takes the same keys; there `run` may be a function and `call` a method of a contract.',
  '',
  '```yaml',
  ...referenceExample.trimEnd().split('\n'),
  '```',
  '',
  '## Values',
  '',
  '- An **expression** is a text such as `request.user`; [expressions.md](expressions.md) is their language. Its names are',
  '  `request`, `params.<parameter>`, the nodes, and within `foreach` the item.',
  '- In a **template** (`value`, `input`, `output`, what a fallback or a level gives) each text is an expression, numbers,',
  '  true, false and null are themselves, and lists and maps hold templates. A constant text is quoted within the',
  '  expression: `"\'light\'"`.',
  '- Every node that an expression of a node names is one that it waits for; `needs` adds others. With `name?` under `needs`',
  '  it goes on without that one, and reads it so: `extra.?items.orValue([])`. A node that only a fallback reads may lack, too.',
  '- **Types** of the request are `string`, `number`, `boolean`, `any`, `null`, `list<string>`, `map<number>`,',
  '  `{ id: string }`, alternatives with `|` between them, and maps from field to type. `?` after a type: it may lack, or be',
  '  null.',
  '- Durations have a unit: `300ms`, `2s`, `1.5s`, `5m`, `1h`; they come to whole milliseconds. Times that are measured, as',
  '  `estimate`, may have fractions: `2.5ms`, `300us`. Percentages are written `20%`, percentiles `p95`.',
  '- `none` switches a bound off where the type says so; at a node it switches off what `defaults` set. A policy that',
  '  stands at a node replaces the one of `defaults` as a whole.',
  '- Modules are files, relative to the folder of the strategy file: `./rank.ts#rank` is what it exports as `rank`.',
  '- Anchors, aliases and merge keys (`<<: *base`) work, up to 100 aliases. A file has at most 1 MiB, and 200,000 values.',
  '',
  '## What a node can have',
  '',
  '| | `run` | `call` | `strategy` | `value` |',
  '| --- | --- | --- | --- | --- |',
  '| `needs`, `join`, `when`, `fallback` | yes | yes | yes | yes |',
  '| `input`, `foreach`, `timeout`, `cache`, `light`, `estimate` | yes | yes | yes | no |',
  '| `retry`, `hedge`, `breaker`, `concurrency` | yes | yes | no: its own nodes have them | no |',
  '| `pool` | yes | no: it runs where its service does | no: its own nodes have pools | no |',
];
