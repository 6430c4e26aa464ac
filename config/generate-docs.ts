// Writes docs/config.md and docs/heddle.schema.json from the schema: `node config/generate-docs.ts`. A test compares.

import { writeFileSync } from 'node:fs';
import { jsonSchema } from './json-schema.ts';
import { configReference } from './reference.ts';

const docs = new URL('../docs/', import.meta.url);
writeFileSync(new URL('config.md', docs), configReference());
writeFileSync(new URL('heddle.schema.json', docs), `${JSON.stringify(jsonSchema(), null, 2)}\n`);
