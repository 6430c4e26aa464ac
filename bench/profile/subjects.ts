// What `npm run bench -- profile` knows: Heddle's side of scenarios, each under a load that its goals speak of.

import { closedShape } from '../measure/comparison.ts';
import type { ProfileSubject } from './profile.ts';

function sideOf(folder: string, params: Readonly<Record<string, unknown>> = {}) {
  return {
    name: 'heddle',
    server: import.meta.resolve(`../scenarios/${folder}/server.ts`),
    client: import.meta.resolve(`../scenarios/${folder}/client.ts`),
    params,
  };
}

const paths = { call: '/bench.Unary/echo' };

export const profileSubjects: readonly ProfileSubject[] = [
  { name: 'unary', scenario: 'unary', own: sideOf('unary'), shape: closedShape(256, 8), params: {} },
  { name: 'unary-32', scenario: 'unary', own: sideOf('unary'), shape: closedShape(32, 8), params: {} },
  { name: 'unary-1', scenario: 'unary', own: sideOf('unary'), shape: closedShape(1, 1), params: {} },
  { name: 'unary-io', scenario: 'unary-io', own: sideOf('unary'), shape: closedShape(256, 8), params: {} },
  {
    name: 'http',
    scenario: 'http',
    own: sideOf('http', { pool: 'cpu', paths }),
    shape: closedShape(32, 32),
    params: {},
  },
  {
    name: 'http-io',
    scenario: 'http',
    own: sideOf('http', { pool: 'io', paths }),
    shape: closedShape(32, 32),
    params: {},
  },
  { name: 'fanout', scenario: 'fanout', own: sideOf('fanout', { pool: 'cpu' }), shape: closedShape(32, 8), params: {} },
  {
    name: 'fanout-io',
    scenario: 'fanout',
    own: sideOf('fanout', { pool: 'io' }),
    shape: closedShape(32, 8),
    params: {},
  },
  {
    name: 'large',
    scenario: 'large',
    own: sideOf('large', { pool: 'cpu' }),
    shape: { ...closedShape(16, 4), params: { bytes: 65_536 } },
    params: {},
  },
];
