// StrategyTypes: what is known of every value of a strategy: of its nodes, of its expressions, of its output. Each is
// worked out when it is first asked for, from what it reads; mistakes in expressions are reported on the way, once.

import type { NodeDefinition, Template } from '../definition.ts';
import { checkTypes } from '../expression/check-types.ts';
import {
  anyType,
  booleanType,
  listOf,
  nullType,
  numberType,
  recordOf,
  type Type,
  unionOf,
} from '../expression/types.ts';
import { visibleNames } from './check-names.ts';
import { freeNames, parameterReads } from './free-names.ts';
import type { Known, WorkShape } from './known.ts';
import { bounded, itemShape, typeOfParameter } from './shapes.ts';
import type { Site } from './sites.ts';
import type { Subject } from './subject.ts';

export class StrategyTypes {
  readonly #subject: Subject;
  readonly #known: Known;
  /** Of all strategies, this one among them. */
  readonly #all: ReadonlyMap<string, StrategyTypes>;
  readonly #types = new Map<string, Type>();
  readonly #sites: ReadonlyMap<string, Site>;
  readonly #works = new Map<string, WorkShape | undefined>();

  constructor(subject: Subject, known: Known, all: ReadonlyMap<string, StrategyTypes>) {
    this.#subject = subject;
    this.#known = known;
    this.#all = all;
    this.#sites = new Map(subject.sites.map((site) => [site.path, site]));
  }

  get request(): Type {
    return this.#subject.definition.request;
  }

  get output(): Type {
    return this.#once('output of the strategy', () => this.ofTemplate(this.#subject.definition.output, 'output'));
  }

  /** What is known of the method or function behind a node. */
  workOf(node: NodeDefinition): WorkShape | undefined {
    if (node.work.kind === 'value') return undefined;
    if (node.work.kind !== 'strategy' && node.work.moduleUrl === '') return undefined;
    if (node.work.kind === 'strategy') {
      const other = this.#all.get(node.work.strategy);
      return other === undefined ? undefined : { request: other.request, response: other.output };
    }
    if (!this.#works.has(node.name)) this.#works.set(node.name, this.#known.work?.(this.#subject.definition, node));
    return this.#works.get(node.name);
  }

  /** Of the value that a node has when it is done, whoever gave it. */
  ofNode(name: string): Type {
    const node = this.#subject.nodes.get(name);
    if (node === undefined) return anyType;
    return this.#once(`node ${name}`, () => unionOf([this.#ofWork(node), ...this.#ofStandIns(node)]));
  }

  ofSite(site: Site): Type {
    return this.#once(`site ${site.path}`, () => this.#check(site));
  }

  ofTemplate(template: Template, path: string): Type {
    switch (template.kind) {
      case 'constant':
        if (template.value === null) return nullType;
        return typeof template.value === 'number' ? numberType : booleanType;
      case 'list':
        return listOf(unionOf(template.items.map((item, index) => this.ofTemplate(item, `${path}[${index}]`))));
      case 'map':
        return recordOf(
          Object.fromEntries(template.entries.map(([key, value]) => [key, this.ofTemplate(value, `${path}.${key}`)])),
        );
      case 'expression': {
        const site = this.#sites.get(path);
        return site === undefined ? anyType : this.ofSite(site);
      }
    }
  }

  #ofWork(node: NodeDefinition): Type {
    const { work, foreach } = node;
    const one =
      work.kind === 'value'
        ? this.ofTemplate(work.value, `nodes.${node.name}.value`)
        : (this.workOf(node)?.response ?? anyType);
    if (foreach === undefined) return one;
    const hasHoles = foreach.quorum !== undefined && foreach.failed === 'hole';
    return listOf(hasHoles ? unionOf([one, nullType]) : one);
  }

  #ofStandIns({ name, light, fallback }: NodeDefinition): Type[] {
    const types = fallback.flatMap((one, index) => {
      if (one.kind === 'node') return [this.ofNode(one.node)];
      return one.kind === 'value' ? [this.ofTemplate(one.value, `nodes.${name}.fallback[${index}].value`)] : [];
    });
    if (light !== undefined) types.push(this.ofNode(light));
    for (const { replace } of this.#subject.definition.degrade.levels) {
      for (const [node, by] of replace) if (node === name) types.push(this.ofNode(by));
    }
    return types;
  }

  #check(site: Site): Type {
    const { path, expression } = site;
    const { problems, type } = checkTypes(expression, this.#scope(site), { partByPart: ['params'] });
    for (const problem of problems) this.#subject.report.addExpression(path, expression.text, problem);
    return type;
  }

  /** Names that are not there have been reported; here they can be anything. */
  #scope(site: Site): Record<string, Type> {
    const visible = new Set(visibleNames(this.#subject, site));
    const scope: Record<string, Type> = {};
    for (const { name } of freeNames(site.expression.root)) {
      scope[name] = visible.has(name) ? this.#ofName(name, site) : anyType;
    }
    return scope;
  }

  #ofName(name: string, site: Site): Type {
    if (name === 'request') return this.request;
    if (name === 'params') return this.#parameters(site);
    const foreach = site.node?.foreach;
    if (foreach?.as !== name) return this.ofNode(name);
    const list = this.#sites.get(`nodes.${site.node?.name}.foreach.in`);
    return list === undefined ? anyType : itemShape(this.ofSite(list));
  }

  #parameters({ expression }: Site): Type {
    const fields: Record<string, Type> = {};
    for (const { name } of parameterReads(expression.root)) fields[name] = anyType;
    for (const { parameters } of this.#subject.definition.layers) {
      for (const parameter of parameters) fields[parameter.name] = typeOfParameter(parameter.default);
    }
    return recordOf(fields);
  }

  /** What leads back to itself is a cycle, which others report: it can be anything. */
  #once(key: string, work: () => Type): Type {
    const known = this.#types.get(key);
    if (known !== undefined) return known;
    this.#types.set(key, anyType);
    const type = bounded(work());
    this.#types.set(key, type);
    return type;
  }
}
