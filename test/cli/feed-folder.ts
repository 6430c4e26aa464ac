// A service with a strategy, in a folder of its own: what the tests of `heddle dag` read, change and start.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { root, temporaryFolder } from './heddle.ts';

const heddle = JSON.stringify(join(root, 'index.ts'));
const zod = JSON.stringify(import.meta.resolve('zod'));

const feed = `strategy: feed.recommend
description: What a user sees first.
request: { user: string, k: number }
budget: { total: 800ms }
nodes:
  profile: { call: ../contract.ts#Users/get, input: { id: request.user }, estimate: 3ms, fallback: [{ value: { segment: "'new'" } }] }
  recall: { run: ../nodes.ts#recall, input: { segment: profile.segment, k: request.k * 3 }, timeout: 300ms, estimate: 10ms }
  extra: { run: ../nodes.ts#extra, when: params.useExtra, estimate: 8ms }
  rank: { run: ../nodes.ts#rank, pool: work, needs: [ extra? ], input: { items: recall.items, more: "extra.?items.orValue([])" }, estimate: 20ms }
  light: { run: ../nodes.ts#rank, input: { items: recall.items }, estimate: 2ms }
output: { items: rank.items }
layers:
  ranking:
    unit: request.user
    params: { useExtra: { default: false } }
    experiments:
      more: { slots: [ 0-499999 ], variants: { off: { weight: 50 }, on: { weight: 50, params: { useExtra: true } } } }
degrade: { levels: { 1: { skip: [ extra ] }, 2: { replace: { rank: light } } } }
tests:
  - name: ranks what is recalled
    request: { user: ann, k: 3 }
    params: { useExtra: false }
    mocks: { profile: { result: { segment: a }, delay: 2ms }, recall: { result: { items: [ 1, 2 ] }, delay: 9ms }, rank: { result: { items: [ 2, 1 ] } } }
    expect: { result: { items: [ 2, 1 ] }, path: [ profile, recall, rank ] }
  - name: goes on without a profile
    request: { user: ann, k: 3 }
    params: { useExtra: false }
    mocks: { profile: { error: UNAVAILABLE }, recall: { result: { items: [] } }, rank: { result: { items: [] } } }
    expect: { degraded: [ "profile: value" ] }
`;

const files: Record<string, string> = {
  'strategies/feed.yaml': feed,
  'heddle.yaml': `strategies: ./strategies/*.yaml
admin: { address: "http://127.0.0.1:0" }
pools: { work: { threads: 1 } }
services:
  demo.Feed: { module: ./feed.ts, pool: work, listen: [ "heddle://127.0.0.1:0", "http://127.0.0.1:0" ] }
  demo.Users: { module: ./users.ts, pool: work }
`,
  'contract.ts': `import { json, method, service } from ${heddle};
import { z } from ${zod};
export const Users = service('demo.Users', {
  get: method(json(z.object({ id: z.string() }), z.object({ segment: z.string() })), { reads: true }),
});
`,
  'users.ts': [
    `import { implement } from ${heddle};`,
    "import { Users } from './contract.ts';",
    'export default implement(Users, { get: ({ id }) => ({ segment: id }) });',
  ].join('\n'),
  'nodes.ts': `export const recall = ({ segment }: { segment: string }) => ({ items: [segment, 'b'] });
export const extra = () => ({ items: ['c'] });
export const rank = ({ items, more = [] }: { items: string[]; more?: string[] }) => ({ items: [...items, ...more] });
`,
  'feed.ts': `import { implement, json, method, service, strategyMethod } from ${heddle};
import { z } from ${zod};
const types = json(z.object({ user: z.string(), k: z.number() }), z.object({ items: z.array(z.string()) }));
const Feed = service('demo.Feed', { recommend: method(types) });
export default implement(Feed, { recommend: strategyMethod('feed.recommend') });
`,
};

export interface FeedFolder {
  cwd: string;
  /** Writes the strategy again, with `from` as `to`, or writes it to another file. */
  change(from: string, to: string, file?: string): void;
}

export function feedFolder(t: ExecutionContext): FeedFolder {
  const cwd = temporaryFolder(t);
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(cwd, file)), { recursive: true });
    writeFileSync(join(cwd, file), text);
  };
  for (const [file, text] of Object.entries(files)) write(file, text);
  return {
    cwd,
    change: (from, to, file = 'strategies/feed.yaml') => {
      const before = readFileSync(join(cwd, 'strategies/feed.yaml'), 'utf8');
      t.true(before.includes(from), from);
      write(file, before.replace(from, to));
    },
  };
}
