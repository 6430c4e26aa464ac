// ProblemList: the mistakes of a definition, in the order in which they were found, bounded; and what is asked of names.

import { type DefinitionPath, type DefinitionProblem, experimentLimits } from './definition.ts';

export class ProblemList {
  readonly problems: DefinitionProblem[] = [];

  add(path: DefinitionPath, message: string): void {
    if (this.problems.length < experimentLimits.problemsMax) this.problems.push({ path, message });
  }

  /** A name of letters, digits, dots, dashes and underscores. `kind`: what it is a name of. */
  checkName(path: DefinitionPath, kind: string, name: unknown): name is string {
    const { nameCharsMax } = experimentLimits;
    const fits = typeof name === 'string' && name.length <= nameCharsMax && /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(name);
    if (!fits) {
      this.add(
        path,
        `${shown(name)} is no name for ${kind}; use 1 to ${nameCharsMax} letters, digits, '.', '-' or '_', starting with a letter or digit`,
      );
    }
    return fits;
  }

  checkCount(path: DefinitionPath, what: string, count: number, max: number): void {
    if (count > max) this.add(path, `there are ${count} ${what}; the bound is ${max}`);
  }
}

/** A value within a sentence, cut to a readable length. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? `'${value}'` : (JSON.stringify(value) ?? String(value));
  return text.length > 64 ? `${text.slice(0, 60)} …` : text;
}
