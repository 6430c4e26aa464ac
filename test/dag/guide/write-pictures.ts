// Writes docs/pictures/ anew: `node test/dag/guide/write-pictures.ts`. A test compares.

import { writeFileSync } from 'node:fs';
import { makePictures, picturesFolder } from './pictures.ts';

for (const [name, svg] of await makePictures()) writeFileSync(new URL(name, picturesFolder), svg);
