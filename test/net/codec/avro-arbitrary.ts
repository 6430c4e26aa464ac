// Random Avro schemas, and random values of a schema, for property tests.

import fc from 'fast-check';

export type Schema = string | Schema[] | { type: string; [key: string]: unknown };

const primitives = ['null', 'boolean', 'int', 'long', 'float', 'double', 'string', 'bytes'];

const looks: Record<string, string> = {
  null: 'null',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  string: 'text',
  enum: 'text',
  bytes: 'text',
  fixed: 'text',
  array: 'array',
  map: 'object',
  record: 'object',
};

const nameless: fc.Arbitrary<Schema> = fc.letrec<{ schema: Schema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'schema' },
    fc.constantFrom(...primitives),
    fc.integer({ min: 1, max: 4 }).map((size) => ({ type: 'enum', symbols: ['A', 'B', 'C', 'D'].slice(0, size) })),
    fc.integer({ min: 1, max: 20 }).map((size) => ({ type: 'fixed', size })),
    tie('schema').map((items) => ({ type: 'array', items })),
    tie('schema').map((values) => ({ type: 'map', values })),
    fc
      .array(tie('schema'), { maxLength: 4, depthIdentifier: 'schema' })
      .map((types) => ({ type: 'record', fields: types.map((type, index) => ({ name: `f${index}`, type })) })),
    fc
      .uniqueArray(
        tie('schema').filter((branch) => !Array.isArray(branch)),
        {
          minLength: 1,
          maxLength: 4,
          depthIdentifier: 'schema',
          selector: (branch) => looks[typeof branch === 'string' ? branch : (branch as { type: string }).type],
        },
      )
      .map((branches) => [...branches]),
  ),
})).schema;

/** A schema whose named types have distinct names. */
export const anySchema: fc.Arbitrary<Schema> = nameless.map((schema) => {
  let names = 0;
  const named = (part: Schema): Schema => {
    if (typeof part === 'string') return part;
    if (Array.isArray(part)) return part.map(named);
    const copy = { ...part };
    if (['record', 'enum', 'fixed'].includes(part.type)) copy.name = `T${names++}`;
    if (part.type === 'array') copy.items = named(part.items as Schema);
    if (part.type === 'map') copy.values = named(part.values as Schema);
    if (part.type === 'record') {
      const fields = part.fields as { name: string; type: Schema }[];
      copy.fields = fields.map((field) => ({ ...field, type: named(field.type) }));
    }
    return copy;
  };
  return named(schema);
});

/** Values as Heddle gives them; -0 is left out, since JSON has none. */
export function anyValueOf(schema: Schema): fc.Arbitrary<unknown> {
  if (Array.isArray(schema)) return fc.oneof(...schema.map(anyValueOf));
  if (typeof schema !== 'string') return complexValue(schema);
  switch (schema) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'int':
      return fc.integer();
    case 'long':
      // Half of what is exact: beyond, plain avsc writes another number than it is given.
      return fc.integer({ min: -(2 ** 52), max: 2 ** 52 });
    case 'float':
      return fc.float().map((value) => (value === 0 ? 0 : value));
    case 'double':
      return fc.double().map((value) => (value === 0 ? 0 : value));
    case 'string':
      return fc.string({ unit: 'binary' });
    default:
      return fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
  }
}

function complexValue(schema: { type: string; [key: string]: unknown }): fc.Arbitrary<unknown> {
  switch (schema.type) {
    case 'enum':
      return fc.constantFrom(...(schema.symbols as string[]));
    case 'fixed': {
      const size = schema.size as number;
      return fc.uint8Array({ minLength: size, maxLength: size }).map((bytes) => Buffer.from(bytes));
    }
    case 'array':
      return fc.array(anyValueOf(schema.items as Schema), { maxLength: 5 });
    case 'map':
      return fc
        .uniqueArray(fc.tuple(fc.string({ maxLength: 8 }), anyValueOf(schema.values as Schema)), {
          maxLength: 5,
          selector: ([key]) => key,
        })
        .map((entries) => Object.fromEntries(entries.filter(([key]) => key !== '__proto__')));
    default: {
      const fields = schema.fields as { name: string; type: Schema }[];
      return fc
        .tuple(...fields.map((field) => anyValueOf(field.type)))
        .map((values) => Object.fromEntries(fields.map((field, index) => [field.name, values[index]])));
    }
  }
}

/** A schema with one of its values. */
export const schemaAndValue = anySchema.chain((schema) => anyValueOf(schema).map((value) => ({ schema, value })));
