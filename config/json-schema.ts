// jsonSchema: the schema of heddle.yaml as JSON Schema, which docs/heddle.schema.json holds.

import { type JsonObject, objectSchema } from '../document/json-schema.ts';
import { schema } from './schema.ts';

/** What docs/heddle.schema.json contains. `heddle check` knows more: pools that exist, files, shared addresses. */
export function jsonSchema(): JsonObject {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'urn:heddle:config',
    title: 'heddle.yaml',
    description: 'Configuration of a Heddle service process.',
    ...objectSchema(schema),
    type: 'object',
  };
}
