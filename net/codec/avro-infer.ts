// The TypeScript types of Avro schemas, read off a schema as it is written in a contract: no generated code. `AvroIn` is
// what a writer may give (fields with a default may be missing), `AvroOut` what a reader gets (complete).

/** A schema as Avro writes it in JSON. */
export type AvroSchema = string | AvroUnion | AvroDefinition;
/** One of several types. */
export interface AvroUnion extends ReadonlyArray<AvroSchema> {}

export interface AvroFieldSchema {
  readonly name: string;
  readonly type: AvroSchema;
  readonly default?: unknown;
  readonly aliases?: readonly string[];
  readonly doc?: string;
  readonly order?: 'ascending' | 'descending' | 'ignore';
}

interface Named {
  readonly name: string;
  readonly namespace?: string;
  readonly aliases?: readonly string[];
  readonly doc?: string;
}

export type AvroDefinition =
  | (Named & { readonly type: 'record' | 'error'; readonly fields: readonly AvroFieldSchema[] })
  | (Named & { readonly type: 'enum'; readonly symbols: readonly string[]; readonly default?: string })
  | (Named & { readonly type: 'fixed'; readonly size: number; readonly logicalType?: string })
  | { readonly type: 'array'; readonly items: AvroSchema }
  | { readonly type: 'map'; readonly values: AvroSchema }
  | { readonly type: string; readonly logicalType?: string; readonly precision?: number; readonly scale?: number };

/** What may be written by a schema; `unknown` for a schema that the compiler does not see. */
export type AvroIn<Schema> = [AvroSchema] extends [Schema] ? unknown : In<Schema, Definitions<Schema>>;
/** What is read by a schema; `unknown` for a schema that the compiler does not see. */
export type AvroOut<Schema> = [AvroSchema] extends [Schema] ? unknown : Out<Schema, Definitions<Schema>>;

/** All named types within a schema, as a union: what a name in it may refer to. */
type Definitions<Schema> = Schema extends {
  readonly type: 'record' | 'error';
  readonly fields: readonly (infer Field)[];
}
  ? Schema | FieldDefinitions<Field>
  : Schema extends { readonly type: 'enum' | 'fixed' }
    ? Schema
    : Schema extends { readonly type: 'array'; readonly items: infer Items }
      ? Definitions<Items>
      : Schema extends { readonly type: 'map'; readonly values: infer Values }
        ? Definitions<Values>
        : Schema extends readonly (infer Branch)[]
          ? Definitions<Branch>
          : never;

type FieldDefinitions<Field> = Field extends { readonly type: infer Type } ? Definitions<Type> : never;

/** The named type that a reference means; namespaces are left to the check at run time. */
type Referred<Name extends string, Known> = Known extends { readonly name: infer Defined extends string }
  ? ShortName<Defined> extends ShortName<Name>
    ? Known
    : never
  : never;

type ShortName<Name extends string> = Name extends `${string}.${infer Rest}` ? ShortName<Rest> : Name;

interface Scalars {
  null: null;
  boolean: boolean;
  int: number;
  /** A number while that is exact, a bigint past 2^53. */
  long: number | bigint;
  float: number;
  double: number;
  string: string;
}

type In<Schema, Known> = string extends Schema
  ? unknown
  : Schema extends keyof Scalars
    ? Scalars[Schema]
    : Schema extends 'bytes'
      ? Uint8Array
      : Schema extends string
        ? In<Referred<Schema, Known>, Known>
        : Schema extends readonly (infer Branch)[]
          ? In<Branch, Known>
          : Schema extends { readonly type: 'record' | 'error'; readonly fields: readonly (infer Field)[] }
            ? RecordIn<Field, Known>
            : Schema extends { readonly type: 'enum'; readonly symbols: readonly (infer Symbol)[] }
              ? Symbol
              : Schema extends { readonly type: 'fixed' }
                ? Uint8Array
                : Schema extends { readonly type: 'array'; readonly items: infer Items }
                  ? readonly In<Items, Known>[]
                  : Schema extends { readonly type: 'map'; readonly values: infer Values }
                    ? { readonly [key: string]: In<Values, Known> }
                    : Schema extends { readonly type: infer Base }
                      ? In<Base, Known>
                      : never;

type RecordIn<Field, Known> = Flat<
  {
    readonly [F in Field as Required<F>]: In<TypeOf<F>, Known>;
  } & {
    readonly [F in Field as Defaulted<F>]?: In<TypeOf<F>, Known> | undefined;
  }
>;

type Out<Schema, Known> = string extends Schema
  ? unknown
  : Schema extends keyof Scalars
    ? Scalars[Schema]
    : Schema extends 'bytes'
      ? Buffer
      : Schema extends string
        ? Out<Referred<Schema, Known>, Known>
        : Schema extends readonly (infer Branch)[]
          ? Out<Branch, Known>
          : Schema extends { readonly type: 'record' | 'error'; readonly fields: readonly (infer Field)[] }
            ? { [F in Field as NameOf<F>]: Out<TypeOf<F>, Known> }
            : Schema extends { readonly type: 'enum'; readonly symbols: readonly (infer Symbol)[] }
              ? Symbol
              : Schema extends { readonly type: 'fixed' }
                ? Buffer
                : Schema extends { readonly type: 'array'; readonly items: infer Items }
                  ? Out<Items, Known>[]
                  : Schema extends { readonly type: 'map'; readonly values: infer Values }
                    ? { [key: string]: Out<Values, Known> }
                    : Schema extends { readonly type: infer Base }
                      ? Out<Base, Known>
                      : never;

type NameOf<Field> = Field extends { readonly name: infer Name extends string } ? Name : never;
type TypeOf<Field> = Field extends { readonly type: infer Type } ? Type : never;
type Defaulted<Field> = Field extends { readonly default: unknown } ? NameOf<Field> : never;
type Required<Field> = Field extends { readonly default: unknown } ? never : NameOf<Field>;
/** Shows an intersection as one object type. */
type Flat<Value> = { [Key in keyof Value]: Value[Key] };
