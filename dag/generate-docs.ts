// Writes docs/strategies-reference.md and docs/strategy.schema.json from the schema: `node dag/generate-docs.ts`. A test
// compares.

import { writeFileSync } from 'node:fs';
import { strategyJsonSchema } from './file/strategy-json-schema.ts';
import { strategyReference } from './file/strategy-reference.ts';

const docs = new URL('../docs/', import.meta.url);
writeFileSync(new URL('strategies-reference.md', docs), strategyReference());
writeFileSync(new URL('strategy.schema.json', docs), `${JSON.stringify(strategyJsonSchema(), null, 2)}\n`);
