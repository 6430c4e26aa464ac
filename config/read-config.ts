// readConfig: heddle.yaml, the environment and `--set` to Settings, or to everything that is wrong with them. Called by
// the command line and by tests, on the main thread, before anything else exists.

import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { check } from '../document/check.ts';
import { parseYaml } from '../document/parse-yaml.ts';
import { type Problem, ProblemList, Source } from '../document/problem.ts';
import { readText } from '../document/read-text.ts';
import { asMap, emptyMap } from '../document/tree.ts';
import type { SourceOverride } from '../runtime/plugins/config-source.ts';
import type { Settings } from '../runtime/settings.ts';
import { buildSettings } from './build-settings.ts';
import type { Origins } from './origins.ts';
import { applyOverrides } from './overrides.ts';
import { schema } from './schema.ts';

/** What `readConfig` reads. The weakest is the file, then come sources, the environment, overrides. */
export interface ReadConfigOptions {
  /** Path of the config file; relative paths in it are taken from its folder. Problems name it as it is given. */
  file: string;
  /** What it contains. Default: it is read from disk. */
  text?: string;
  /** `--set` arguments in their order, such as `pools.ranking.threads=8`. They win over everything. Default: none. */
  overrides?: readonly string[];
  /** As `overrides`, but everything else that overrides the file wins over them. Default: none. */
  sources?: readonly SourceOverride[];
  /** Variables; those that begin with HEDDLE_ and contain two underscores win over the file. Default: none. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** Cores that the defaults of threads count with. Default: the machine's. */
  cores?: number;
}

/** All problems at once, or settings; never both. */
export type ConfigResult =
  | { settings: Settings; origins: Origins; problems: [] }
  | { settings: undefined; origins: undefined; problems: Problem[] };

/** Reads and checks a config. User mistakes come back as problems; nothing is thrown for them. */
export function readConfig(options: ReadConfigOptions): ConfigResult {
  const problems = new ProblemList();
  const result = read(options, problems);
  if (result !== undefined && problems.size === 0) return { ...result, problems: [] };
  return { settings: undefined, origins: undefined, problems: problems.sorted() };
}

function read(options: ReadConfigOptions, problems: ProblemList): { settings: Settings; origins: Origins } | undefined {
  const written = options.text ?? readText(options.file, problems);
  if (written === undefined) return undefined;
  // A byte order mark is no part of the text, and would shift the first column.
  const source = new Source('file', options.file, written.replace(/^\ufeff/, ''));
  const top = { source, start: 0, end: 1 };
  const parsed = parseYaml(source, problems);
  // With broken syntax half of the file would be missing, and everything else reported about it would be noise.
  if (problems.size > 0) return undefined;
  const root = asMap(parsed, top);
  const overrides = options.overrides ?? [];
  const { sources = [], environment = {} } = options;
  const tree = applyOverrides(root ?? emptyMap(top), { sources, environment, overrides }, problems);
  const config = check(schema, root === undefined ? parsed! : tree, '', top, problems);
  const baseDir = dirname(resolve(options.file));
  return buildSettings(config, { baseDir, cores: options.cores ?? availableParallelism(), top }, problems);
}
