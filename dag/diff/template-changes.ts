// Templates as texts, and their differences entry by entry: `input.k request.k → request.k * 2`.

import type { Template } from '../definition.ts';
import { textChange } from './data-changes.ts';
import type { TextChange } from './strategies-diff.ts';

export function templateText(template: Template): string {
  switch (template.kind) {
    case 'expression':
      return template.text;
    case 'constant':
      return String(template.value);
    case 'list':
      return `[${template.items.map(templateText).join(', ')}]`;
    case 'map':
      return `{ ${template.entries.map(([key, value]) => `${key}: ${templateText(value)}`).join(', ')} }`;
  }
}

export function templateChanges(
  field: string,
  before: Template | undefined,
  after: Template | undefined,
): TextChange[] {
  if (before?.kind === 'map' && after?.kind === 'map') {
    const [was, now] = [new Map(before.entries), new Map(after.entries)];
    const keys = new Set([...now.keys(), ...was.keys()]);
    return [...keys].flatMap((key) => templateChanges(`${field}.${key}`, was.get(key), now.get(key)));
  }
  if (before?.kind === 'list' && after?.kind === 'list' && before.items.length === after.items.length) {
    return before.items.flatMap((item, at) => templateChanges(`${field}[${at}]`, item, after.items[at]));
  }
  return textChange(field, before, after, templateText);
}
