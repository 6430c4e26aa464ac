// ZodSchema: what json() needs of a zod schema. Written down here, not imported, so that who has no contract in JSON needs
// no zod, at run time and for the types.

export interface ZodSchema<Output = unknown, Input = unknown> {
  /** Where zod 4 keeps the types of a schema. */
  readonly _zod: { readonly output: Output; readonly input: Input };
  safeParse(
    value: unknown,
  ): { success: true; data: Output } | { success: false; error: { readonly issues: readonly ZodIssue[] } };
  toJSONSchema(options: ZodToJSONSchemaOptions): object;
}

export type ZodOutput<Schema extends ZodSchema> = Schema['_zod']['output'];
export type ZodInput<Schema extends ZodSchema> = Schema['_zod']['input'];

export interface ZodIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export interface ZodToJSONSchemaOptions {
  io: 'input' | 'output';
  /** Called for each schema within; may change what is written for it. */
  override?: (visited: {
    zodSchema: { readonly _zod: { readonly def: { readonly type: string } } };
    jsonSchema: { [key: string]: unknown };
  }) => void;
}
