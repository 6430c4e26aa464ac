// Templates and expressions of a strategy file: what was written becomes a Template, and every text in it is parsed, so
// that mistakes of syntax are told at their characters. What the names mean is looked at by others.

import { quote } from '../../../document/quote.ts';
import type { Tree } from '../../../document/tree.ts';
import type { Template } from '../../definition.ts';
import { parseExpression } from '../../expression/parse-expression.ts';
import { references } from '../../expression/references.ts';
import type { Reporter } from '../places.ts';
import { cutExpression, inYamlQuotes } from '../unquoted.ts';

/** What stands for a template that could not be read. */
export const nullTemplate: Template = { kind: 'constant', value: null };

/** Characters of words that are taken for a constant text without its quotes. */
const wordsMax = 80;

export function readTemplate(tree: Tree, path: string, report: Reporter): Template {
  if (tree.kind === 'list') {
    return { kind: 'list', items: tree.items.map((item, at) => readTemplate(item, `${path}[${at}]`, report)) };
  }
  if (tree.kind === 'map') {
    const entries = [...tree.entries].map(
      ([name, { value }]) => [name, readTemplate(value, `${path}.${name}`, report)] as const,
    );
    return { kind: 'map', entries };
  }
  const { value } = tree;
  if (typeof value === 'string') {
    checkSyntax(value, path, report);
    return { kind: 'expression', text: value };
  }
  if (isPlainNumber(value)) return { kind: 'constant', value: Number(value) };
  if (value === null || typeof value === 'boolean') return { kind: 'constant', value };
  report.add(path, `${value} is no value of JSON`);
  return nullTemplate;
}

/** Reports what keeps the text from being an expression, at the characters. */
export function checkSyntax(text: string, path: string, report: Reporter): void {
  const { problems = [] } = parseExpression(text);
  if (problems.length === 0 || isUnquoted(text, path, report)) return;
  for (const problem of problems) report.addExpression(path, text, problem);
}

/** Whether quotes are all that lacks; that is reported. */
function isUnquoted(text: string, path: string, report: Reporter): boolean {
  if (
    !/\b(?:and|or|not|is|if|then|else|in)\b/.test(text) &&
    /^\p{L}[\p{L}\d]*(?:[ ]\p{L}[\p{L}\d]*)+$/u.test(text) &&
    text.length <= wordsMax
  ) {
    report.add(path, `${quote(text)} is no expression; a constant text has quotes within the quotes: "'${text}'"`);
    return true;
  }
  const place = report.places.of(path);
  // What has quotes, or other signs than it means, was not cut off.
  if (place.source.kind !== 'file' || place.source.text.slice(place.start, place.end) !== text) return false;
  const cut = cutExpression(place);
  if (cut === undefined) return false;
  const sign = cut.sign === ',' ? 'the comma' : cut.sign;
  report.add(path, `YAML ends this text at ${sign}; put the expression in quotes: ${inYamlQuotes(cut.whole)}`);
  return true;
}

/** Reports a name that expressions can't read as a variable. `what` is what would bear it. */
export function checkVariable(name: string, what: string, path: string, report: Reporter): void {
  const { expression } = parseExpression(name);
  // A name that is no word at all was refused by its pattern.
  if (!/^\w+$/.test(name) || expression?.root.kind === 'name') return;
  report.add(path, `${quote(name)} can not name a ${what}: it is a word of expressions`);
}

/** The variables that a text reads; none when it is no expression. */
export function variablesOf(text: string | undefined): string[] {
  const { expression } = parseExpression(text ?? 'null');
  return expression === undefined ? [] : references(expression).map(([name]) => name!);
}

export function variablesOfTemplate(template: Template | undefined): string[] {
  switch (template?.kind) {
    case 'expression':
      return variablesOf(template.text);
    case 'list':
      return template.items.flatMap(variablesOfTemplate);
    case 'map':
      return template.entries.flatMap(([, value]) => variablesOfTemplate(value));
    default:
      return [];
  }
}

/** A number that JSON can say. YAML also writes .inf and .nan. */
export function isPlainNumber(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || Number.isFinite(value);
}
