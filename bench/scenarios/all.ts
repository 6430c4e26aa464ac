// All scenarios of `npm run bench`, in the order of its help. A new one is a file beside this, and a line here.

import type { Scenario } from '../scenario.ts';
import { compression } from './compression.ts';
import { connections } from './connections.ts';
import { dag } from './dag.ts';
import { fanout } from './fanout.ts';
import { handoff } from './handoff.ts';
import { http } from './http.ts';
import { large } from './large.ts';
import { mix } from './mix.ts';
import { overload } from './overload.ts';
import { scale } from './scale.ts';
import { unary, unaryIo } from './unary.ts';

export const allScenarios: readonly Scenario[] = [
  dag,
  handoff,
  unary,
  unaryIo,
  http,
  mix,
  fanout,
  large,
  connections,
  scale,
  compression,
  overload,
];
