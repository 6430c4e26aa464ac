// All mutants, by their world.

import { endpointMutants } from './endpoint.ts';
import type { Mutant } from './mutant.ts';
import { processMutants } from './process.ts';
import { queueMutants } from './queue.ts';

export const allMutants: readonly Mutant[] = [...queueMutants, ...endpointMutants, ...processMutants];
