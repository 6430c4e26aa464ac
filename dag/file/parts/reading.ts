// Reading: what all parts of the reader share: the list of mistakes with its places, the folder that modules are taken
// from, and what a program gave where a file has names.

import type { Field } from '../../../document/types.ts';
import type { Reporter } from '../places.ts';

export interface Reading {
  readonly report: Reporter;
  /** The folder that paths of modules are relative to. Undefined: the text has none, and no file is looked for. */
  readonly folder: string | undefined;
  readonly checksModules: boolean;
  /** Undefined: it is read from a file. */
  readonly program: ProgramParts | undefined;
}

/** What stands in a program as itself, by the names of nodes. */
export interface ProgramParts {
  readonly moduleUrl: string;
  readonly exportName: string;
  readonly functions: ReadonlySet<string>;
  readonly methods: ReadonlyMap<string, { readonly service: string; readonly method: string }>;
}

/** The values of a checked list; what was refused is left out. */
export function valuesOf<Value>(fields: readonly Field<Value | undefined>[]): Value[] {
  return fields.map((field) => field.value).filter((value) => value !== undefined);
}
