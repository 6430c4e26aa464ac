// Types: every expression by itself, what must be a boolean, a list or a key, and every input against what the work takes.

import { nearest } from '../../runtime/nearest.ts';
import type { NodeDefinition, Template } from '../definition.ts';
import { canBe, membersOf, type Type } from '../expression/types.ts';
import { fieldPath, isNeeded, misfit, onlyRecord, typeText } from './shapes.ts';
import type { Site } from './sites.ts';
import type { StrategyTypes } from './strategy-types.ts';
import { type Subject, workName } from './subject.ts';

export function checkTypesOf(subject: Subject, types: StrategyTypes): void {
  for (const site of subject.sites) checkSite(subject, site, types.ofSite(site));
  for (const node of subject.definition.nodes) {
    const shape = types.workOf(node);
    if (shape?.problem !== undefined) subject.report.add(`nodes.${node.name}.${keyOfWork(node)}`, shape.problem);
    // A strategy that runs itself is reported as that.
    const isSelf = node.work.kind === 'strategy' && node.work.strategy === subject.definition.name;
    if (shape?.request === undefined || isSelf) continue;
    const inputs = new Inputs(subject, types, node);
    inputs.check(node.input, `nodes.${node.name}.input`, shape.request);
    for (const { level, input } of subject.definition.degrade.levels) {
      for (const [name, entries] of input) {
        if (name !== node.name) continue;
        inputs.checkEntries(entries, `degrade.levels.${level}.input.${name}`, shape.request);
      }
    }
  }
}

function checkSite(subject: Subject, { path, part, expression, node }: Site, type: Type): void {
  const refuse = (message: string) => {
    subject.report.addWithin(path, expression.text, 0, expression.text.length, `${message}, this is ${typeText(type)}`);
  };
  switch (part) {
    case 'when':
      if (!canBe(type, 'boolean')) refuse(`when of ${node?.name} must be true or false`);
      return;
    case 'condition':
      if (!canBe(type, 'boolean')) refuse('the condition of an experiment must be true or false');
      return;
    case 'in':
      if (!canBe(type, 'list')) refuse(`foreach of ${node?.name} goes over a list`);
      return;
    case 'key':
      if (!canBe(type, 'string', 'number')) refuse(`the cache key of ${node?.name} must be a string or a number`);
      return;
    case 'unit':
      if (!canBe(type, 'string', 'number')) refuse('the unit of a layer must be a string or a number');
      return;
    default:
  }
}

/** The key of the file that says what the node does. */
function keyOfWork({ work }: NodeDefinition): string {
  if (work.kind === 'function') return 'run';
  return work.kind === 'method' ? 'call' : work.kind;
}

class Inputs {
  readonly #subject: Subject;
  readonly #types: StrategyTypes;
  readonly #node: NodeDefinition;

  constructor(subject: Subject, types: StrategyTypes, node: NodeDefinition) {
    this.#subject = subject;
    this.#types = types;
    this.#node = node;
  }

  check(input: Template | undefined, path: string, shape: Type): void {
    this.#template(input ?? { kind: 'map', entries: [] }, path, shape, []);
  }

  /** Of a level: only what it changes is written, so nothing can lack. */
  checkEntries(entries: Template & { kind: 'map' }, path: string, shape: Type): void {
    const record = onlyRecord(shape);
    if (record !== undefined) this.#entries(entries, path, record, []);
  }

  #template(template: Template, path: string, shape: Type, fields: readonly string[]): void {
    const record = onlyRecord(shape);
    if (template.kind === 'map' && record !== undefined) {
      const given = new Set(template.entries.map(([key]) => key));
      for (const [name, field] of Object.entries(record)) {
        if (given.has(name) || !isNeeded(field)) continue;
        const where = this.#subject.report.places.has(path) ? path : `nodes.${this.#node.name}~key`;
        const takes = `${workName(this.#node)} takes ${typeText({ kind: 'record', fields: record })}`;
        this.#subject.report.add(where, `${this.#at(fields)} lacks "${name}", ${typeText(field)}: ${takes}`);
      }
      this.#entries(template, path, record, fields);
      return;
    }
    const item = membersOf(shape).length === 1 && shape.kind === 'list' ? shape.item : undefined;
    if (template.kind === 'list' && item !== undefined) {
      for (const [index, part] of template.items.entries()) {
        this.#template(part, `${path}[${index}]`, item, [...fields, `[${index}]`]);
      }
      return;
    }
    const found = misfit(this.#types.ofTemplate(template, path), shape, fields);
    if (found !== undefined) this.#subject.report.add(path, `${this.#at(found.fields)} ${found.wrong}`);
  }

  #entries(
    { entries }: Template & { kind: 'map' },
    path: string,
    record: Readonly<Record<string, Type>>,
    fields: readonly string[],
  ): void {
    const known = Object.keys(record);
    for (const [key, value] of entries) {
      if (Object.hasOwn(record, key)) {
        this.#template(value, `${path}.${key}`, record[key]!, [...fields, key]);
        continue;
      }
      // What YAML made of the rest of an expression that it cut at a comma; the cut was told.
      if (this.#subject.isIncomplete && /[()[\]]/.test(key)) continue;
      const suggestion = nearest(key, known);
      const hints = suggestion === undefined ? { allowed: known } : { suggestion };
      const name = fieldPath([...fields, key]);
      this.#subject.report.add(`${path}.${key}~key`, `${workName(this.#node)} takes no "${name}"`, hints);
    }
  }

  /** `input.user.id of users`. */
  #at(fields: readonly string[]): string {
    return `${fieldPath(['input', ...fields])} of ${this.#node.name}`;
  }
}
