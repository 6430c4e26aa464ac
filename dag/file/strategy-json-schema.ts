// strategyJsonSchema: the schema of a strategy file as JSON Schema, which docs/strategy.schema.json holds.

import { type JsonObject, objectSchema } from '../../document/json-schema.ts';
import { strategySchema } from './schema.ts';

/** For editors, which complete and explain by it; `heddle dag check` knows more. */
export function strategyJsonSchema(): JsonObject {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'urn:heddle:strategy',
    title: 'Heddle strategy',
    description: 'A graph of nodes that answers a request.',
    ...objectSchema(strategySchema),
  };
}
