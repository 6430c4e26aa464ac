// All scenarios of `npm run bench`, in the order of its help. A new one is a file beside this, and a line here.

import type { Scenario } from '../scenario.ts';
import { compression } from './compression.ts';
import { dag } from './dag.ts';
import { overload } from './overload.ts';
import { unary } from './unary.ts';

export const allScenarios: readonly Scenario[] = [dag, unary, compression, overload];
