// Writes docs/experiments-vectors.json anew: `node test/dag/experiment/write-vectors.ts`. The vectors are a promise to
// everybody with a running experiment: new ones may be added, none may change.

import { writeFileSync } from 'node:fs';
import { makeVectors, vectorsText } from './reference.ts';

writeFileSync(new URL('../../../docs/experiments-vectors.json', import.meta.url), vectorsText(makeVectors()));
