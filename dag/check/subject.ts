// Subject: one strategy under check, with what several checks ask for: its nodes by name, its expressions, how nodes lead
// to each other and where that is written.

import type { ProblemList } from '../../document/problem.ts';
import { nearest } from '../../runtime/nearest.ts';
import type { NodeDefinition, StrategyDefinition } from '../definition.ts';
import { Reporter } from '../file/places.ts';
import type { ReadStrategy } from '../file/read-strategy.ts';
import { freeNames } from './free-names.ts';

import { type Site, sitesOf } from './sites.ts';

/** Where a dependency is written. */
export interface Written {
  readonly path: string;
  /** A part of the expression at `path`. */
  readonly within?: { readonly text: string; readonly start: number; readonly end: number };
}

export class Subject {
  readonly definition: StrategyDefinition;
  readonly nodes: ReadonlyMap<string, NodeDefinition>;
  readonly names: readonly string[];
  readonly sites: readonly Site[];
  readonly report: Reporter;
  /** Something that was meant is not there, as behind a wrong name: what follows from edges that lack would confuse. */
  isIncomplete: boolean;

  /** `isBroken`: its reader found mistakes. */
  constructor({ definition, places }: ReadStrategy, problems: ProblemList, isBroken: boolean) {
    this.isIncomplete = isBroken;
    this.definition = definition;
    this.nodes = new Map(definition.nodes.map((node) => [node.name, node]));
    this.names = [...this.nodes.keys()];
    // What the reader refused has a stand-in that nobody wrote: nothing is to be said about it.
    this.sites = sitesOf(definition).filter(({ path }) => places.has(path));
    this.report = new Reporter(places, problems);
  }

  /** Whether there is such a node; if not, that is reported. `where` ends the sentence: `in needs of rank`. */
  knows(name: string, path: string, where: string): boolean {
    if (this.nodes.has(name)) return true;
    const suggestion = nearest(name, this.names);
    const allowed = this.names.filter((other) => !where.endsWith(` ${other}`));
    const hints = suggestion === undefined ? { allowed } : { suggestion };
    this.report.add(path, `there is no node "${name}" ${where}`, hints);
    return false;
  }

  /** Paths of the written `needs` of a node by name, in their order. */
  needsOf(node: string): { name: string; path: string; optional: boolean }[] {
    const found: { name: string; path: string; optional: boolean }[] = [];
    const { places } = this.report;
    for (let index = 0; places.has(`nodes.${node}.needs[${index}]`); index++) {
      const path = `nodes.${node}.needs[${index}]`;
      const { source, start, end } = places.of(path);
      const match = /[A-Za-z_][\w. -]*\??/.exec(source.text.slice(start, end));
      if (match === null) continue;
      const written = match[0].trimEnd();
      // The reader calls a node my_hotels that is written my-hotels; another such name it has refused.
      const name = written.replace('?', '').replaceAll(/[-. ]/g, '_');
      if (/[-. ]/.test(written) && !this.nodes.has(name)) continue;
      found.push({ name, path, optional: written.endsWith('?') });
    }
    return found;
  }

  /** Where it is written that `node` waits for `dependency`. */
  dependencyAt(node: string, dependency: string): Written {
    const need = this.needsOf(node).find(({ name }) => name === dependency);
    if (need !== undefined) return { path: need.path };
    for (const { node: reader, expression, path } of this.sites) {
      if (reader?.name !== node) continue;
      const name = freeNames(expression.root).find((free) => free.name === dependency);
      if (name !== undefined) return { path, within: { text: expression.text, start: name.start, end: name.end } };
    }
    return { path: `nodes.${node}~key` };
  }

  addAt({ path, within }: Written, message: string): void {
    if (within === undefined) this.report.add(path, message);
    else this.report.addWithin(path, within.text, within.start, within.end, message);
  }

  /** Whether a key of a node stands at the node itself, not only in `defaults`. */
  isWritten(node: string, key: string): boolean {
    return this.report.places.has(`nodes.${node}.${key}`);
  }
}

/** `./rank.ts#rank`, `Users/get`, `feed.recall`: what a node does, for sentences. */
export function workName({ work }: NodeDefinition): string {
  switch (work.kind) {
    case 'call':
      return `${work.exportName}/${work.method}`;
    case 'method':
      return `${work.service}/${work.method}`;
    case 'run':
      return work.exportName;
    case 'function':
      return 'its function';
    case 'strategy':
      return work.strategy;
    case 'value':
      return 'its value';
  }
}

/** `rank`, `rank and recall`, `rank, recall and merge`. */
export function listed(names: readonly string[]): string {
  if (names.length <= 1) return names.join('');
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
