// compileTemplate: a template as a function of the run's values. What is constant is made once and frozen.

import type { Template } from '../definition.ts';
import type { Evaluate } from '../expression/compile.ts';

/** `expression` compiles a text. */
export function compileTemplate(template: Template, expression: (text: string) => Evaluate): Evaluate {
  const constant = constantOf(template);
  if (constant !== undefined) return () => constant.value;
  switch (template.kind) {
    case 'expression':
      return expression(template.text);
    case 'list':
      return listOf(template.items.map((item) => compileTemplate(item, expression)));
    case 'map':
      return mapOf(
        template.entries.map(([key]) => key),
        template.entries.map(([, value]) => compileTemplate(value, expression)),
      );
    case 'constant':
      return () => template.value;
  }
}

/** The value of a template without expressions. */
export function constantOf(template: Template): { readonly value: unknown } | undefined {
  if (template.kind === 'expression') return undefined;
  if (template.kind === 'constant') return { value: template.value };
  if (template.kind === 'list') {
    const items = template.items.map(constantOf);
    return items.every((item) => item !== undefined)
      ? { value: Object.freeze(items.map(({ value }) => value)) }
      : undefined;
  }
  const entries = template.entries.map(([key, value]) => [key, constantOf(value)] as const);
  if (!entries.every(([, value]) => value !== undefined)) return undefined;
  return { value: Object.freeze(Object.fromEntries(entries.map(([key, value]) => [key, value!.value]))) };
}

function listOf(items: readonly Evaluate[]): Evaluate {
  return (values) => {
    const list: unknown[] = [];
    for (let index = 0; index < items.length; index++) list.push(items[index]!(values));
    return list;
  };
}

function mapOf(keys: readonly string[], entries: readonly Evaluate[]): Evaluate {
  // `{ __proto__: … }` in a file is a key like others.
  if (keys.includes('__proto__')) {
    return (values) => Object.fromEntries(keys.map((key, index) => [key, entries[index]!(values)]));
  }
  return (values) => {
    const map: Record<string, unknown> = {};
    for (let index = 0; index < keys.length; index++) map[keys[index]!] = entries[index]!(values);
    return map;
  };
}
