// loadStrategies: a set of strategies from its files and modules: read, their modules imported, everything checked. On the
// short-lived thread that load-in-thread.ts starts, or in a tool or test that trusts the modules.

import { dirname } from 'node:path';
import type { Problem } from '../../document/problem.ts';
import { ProblemList, Source } from '../../document/problem.ts';
import { readText } from '../../document/read-text.ts';
import type { StrategySource } from '../../runtime/strategies.ts';
import type { ValueShape } from '../../runtime/value-shape.ts';
import { checkStrategies } from '../check/check-strategies.ts';
import type { Known, WorkShape } from '../check/known.ts';
import type { NodeDefinition, StrategyDefinition } from '../definition.ts';
import { type ReadStrategy, readStrategy } from '../file/read-strategy.ts';
import type { Strategy } from '../strategy.ts';
import { Importer, type LoadStep } from './importer.ts';
import { readModule } from './read-module.ts';
import { findWork } from './work-shapes.ts';

/** What a set is checked against; what is left out is not checked. Plain data. */
export interface LoadKnown {
  /** Names of pools. */
  readonly pools?: ReadonlySet<string>;
  /** The version that runs: experiments may only widen. */
  readonly previous?: readonly StrategyDefinition[];
}

export interface LoadedStrategies {
  /** In the order of the sources. Of use only while there are no problems. */
  readonly definitions: StrategyDefinition[];
  /** All mistakes, in the order of files and lines; empty: everything is right. */
  readonly problems: Problem[];
  /** What was read, by how problems call the file; of modules nothing. */
  readonly texts: Readonly<Record<string, string>>;
  /** By strategy, for simulations. */
  readonly known: Readonly<Record<string, KnownNodes>>;
}

/** What contracts say of the nodes of one strategy, by node; of one that is left out nothing is known. */
export interface KnownNodes {
  /** Whether a second attempt does no harm. */
  readonly idempotent: Readonly<Record<string, boolean>>;
  /** What one call gives. */
  readonly responses: Readonly<Record<string, ValueShape>>;
}

export interface LoadHow {
  /** False: neither are the modules of nodes looked for nor imported, so nothing is known of what nodes take and give. Default true. */
  readonly modules?: boolean;
  /** Told before each module is imported. */
  readonly onStep?: (step: LoadStep) => void;
  /** Modules that are not to be imported again, with the sentence on what they did. */
  readonly broken?: ReadonlyMap<string, string>;
}

/** Reads, imports and checks. Users' mistakes come back as problems; it never throws for them. */
export async function loadStrategies(
  sources: readonly StrategySource[],
  known: LoadKnown = {},
  { modules = true, onStep, broken }: LoadHow = {},
): Promise<LoadedStrategies> {
  const problems = new ProblemList();
  const importer = new Importer(onStep ?? (() => {}), broken ?? new Map());
  const texts: Record<string, string> = {};
  const read: ReadStrategy[] = [];
  const seen = new Set<Strategy>();
  for (const source of sources) {
    if (source.kind === 'module') {
      read.push(...(await readModule(source, importer, seen, problems)));
      continue;
    }
    const text = readText(source.path, problems, source.shown);
    if (text === undefined) continue;
    texts[source.shown] = text;
    const options = { folder: dirname(source.path), checksModules: modules };
    const strategy = readStrategy(new Source('file', source.shown, text), problems, options);
    if (strategy !== undefined) read.push(strategy);
  }
  const work = modules ? await findWork(read, importer) : new Map<NodeDefinition, WorkShape>();
  checkStrategies(
    read,
    knownOf(known, (_, node) => work.get(node)),
    problems,
  );
  return {
    definitions: read.map(({ definition }) => definition),
    problems: problems.sorted(),
    texts,
    known: Object.fromEntries(read.map(({ definition }) => [definition.name, knownNodes(definition, work)])),
  };
}

function knownNodes({ nodes }: StrategyDefinition, work: ReadonlyMap<NodeDefinition, WorkShape>): KnownNodes {
  const byNode = <Value>(of: (shape: WorkShape) => Value | undefined): Record<string, Value> => {
    const known = nodes.map((node) => [node.name, of(work.get(node) ?? {})] as const);
    return Object.fromEntries(known.filter((one): one is [string, Value] => one[1] !== undefined));
  };
  return { idempotent: byNode(({ idempotent }) => idempotent), responses: byNode(({ response }) => response) };
}

function knownOf({ pools, previous }: LoadKnown, work: NonNullable<Known['work']>): Known {
  return {
    work,
    ...(pools === undefined ? {} : { pools }),
    ...(previous === undefined ? {} : { previous: new Map(previous.map((one) => [one.name, one])) }),
  };
}
