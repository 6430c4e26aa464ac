// What `npm run bench -- profile` knows: Heddle's side of scenarios, each under the load that its goals speak of most.

import type { Shape } from '../measure/comparison.ts';
import type { ProfileSubject } from './profile.ts';

const busy: Shape = {
  name: '256/8',
  connections: 8,
  loads: [{ kind: 'call', shape: { kind: 'closed', inFlight: 256 } }],
};

const unarySide = {
  name: 'heddle',
  server: import.meta.resolve('../scenarios/unary/server.ts'),
  client: import.meta.resolve('../scenarios/unary/client.ts'),
};

export const profileSubjects: readonly ProfileSubject[] = [
  { scenario: 'unary', own: unarySide, shape: busy, params: {} },
  { scenario: 'unary-io', own: unarySide, shape: busy, params: {} },
];
