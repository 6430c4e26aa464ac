// Code: what a node compiles to, and what its compilation may ask for. The compile-*.ts files each make the code of
// some kinds of nodes; compile.ts puts them together.

import type { Node } from './ast.ts';
import { failAt, type Site } from './evaluation-error.ts';
import { describe } from './values.ts';

/** Reads free variables from their slots. Never awaits, never enters itself. */
export type Run = (values: readonly unknown[]) => unknown;

/** How each part of one variable is read: `rankModel` of `params`. */
export type PartReaders = ReadonlyMap<string, Run>;

/** `constant`: known already; `run` then returns it. */
export interface Code {
  readonly run: Run;
  readonly constant?: { readonly value: unknown };
}

export interface Context {
  readonly text: string;
  compile(node: Node): Code;
  /** As `compile`, but an absent value is undefined and no failure. For fields, indexes and names. */
  compileAbsent(node: Node): Run;
  /** Where a name is kept. */
  find(
    name: string,
  ): { readonly slot: number } | { readonly local: number } | { readonly parts: PartReaders } | undefined;
  /** Names that could be meant. */
  names(): string[];
  /** The context within a macro; `local` is the place of its variable in `locals`. */
  bind(variable: string): { readonly context: Context; readonly local: number };
  /** Variables of macros, by nesting: one array per compiled expression, so that an evaluation allocates none. */
  readonly locals: unknown[];
}

export function siteOf(context: Context, { start, end }: Node): Site {
  return { text: context.text, start, end };
}

/** There is no truthiness: 0, "" and null are not false. */
export function failBoolean(what: string, found: unknown, site: Site): never {
  failAt(site, 'INVALID_ARGUMENT', `${what} must be true or false, got ${describe(found)}`);
}
