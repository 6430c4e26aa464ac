// Loading for `heddle dag`: the strategies that arguments name, or else those of the config, read and checked on a thread
// of their own.

import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { readConfig } from '../../config/read-config.ts';
import type { StrategyDefinition } from '../../dag/definition.ts';
import { loadInThread } from '../../dag/load/load-in-thread.ts';
import type { LoadedStrategies, LoadKnown } from '../../dag/load/load-strategies.ts';
import { formatProblems } from '../../document/format-problems.ts';
import {
  shownPath,
  strategyFiles,
  strategyFilesIn,
  strategyFilesMax,
  strategySource,
} from '../../document/strategy-files.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { didYouMean } from '../../runtime/nearest.ts';
import type { Settings } from '../../runtime/settings.ts';
import type { StrategySource } from '../../runtime/strategies.ts';

const defaultConfig = 'heddle.yaml';

export interface LoadOptions {
  /** The config whose strategies, without files, and whose pools are meant. Default: heddle.yaml, if it is there. */
  config?: string;
  /** False: the modules of nodes are neither looked for nor loaded. Default true. */
  modules?: boolean;
  /** False: pools that the config has not are no mistakes. Default true. */
  pools?: boolean;
}

/** Whether there is a config that says which pools there are: one that is named, or else heddle.yaml. */
export function hasConfig(config: string | undefined): boolean {
  return config !== undefined || existsSync(defaultConfig);
}

/**
 * `files`: paths, globs, folders (their strategy files); none: those of the config. Throws FAILED_PRECONDITION for what
 * names no file, and for a config with mistakes; mistakes in strategies are in what it resolves with.
 */
export async function loadSet(
  files: readonly string[],
  options: LoadOptions,
  previous?: readonly StrategyDefinition[],
): Promise<LoadedStrategies> {
  const { config, modules = true, pools = true } = options;
  const sources = sourcesFor(files, options);
  const known: LoadKnown = {
    ...(pools && hasConfig(config) ? { pools: poolsOf(settingsOf(config ?? defaultConfig)) } : {}),
    ...(previous === undefined ? {} : { previous }),
  };
  return loadInThread(sources, known, { modules });
}

/** What loadSet reads. */
export function sourcesFor(files: readonly string[], { config = defaultConfig }: LoadOptions): StrategySource[] {
  if (files.length > 0) return sourcesOf(files);
  const { sources } = settingsOf(config).strategies;
  if (sources.length > 0) return sources;
  throw failed(`${config} names no strategies: write strategies: ./strategies/*.yaml in it, or name files here`);
}

function poolsOf({ pools }: Settings): Set<string> {
  return new Set(pools.map(({ name }) => name));
}

/** As loadSet, for who can do nothing with mistakes: throws FAILED_PRECONDITION with all of them. */
export async function loadRight(
  files: readonly string[],
  options: LoadOptions,
  previous?: readonly StrategyDefinition[],
): Promise<LoadedStrategies> {
  const loaded = await loadSet(files, options, previous);
  if (loaded.problems.length > 0) throw failed(`the strategies have mistakes:\n${formatProblems(loaded.problems)}`);
  return loaded;
}

export interface LoadedOne {
  definition: StrategyDefinition;
  loaded: LoadedStrategies;
}

/** One strategy by its name, or by the file that has no other. */
export async function loadOne(nameOrFile: string, files: readonly string[], options: LoadOptions): Promise<LoadedOne> {
  const isFile = files.length === 0 && isPath(nameOrFile);
  const loaded = await loadRight(isFile ? [nameOrFile] : files, options);
  const { definitions } = loaded;
  const names = definitions.map(({ name }) => name);
  const definition = isFile ? onlyOf(definitions) : definitions.find(({ name }) => name === nameOrFile);
  if (definition !== undefined) return { definition, loaded };
  const there = `there is ${names.join(', ') || 'none'}`;
  if (!isFile) throw failed(`no strategy is named ${nameOrFile}; ${there}${didYouMean(nameOrFile, names)}`);
  throw failed(`${nameOrFile} has ${names.length} strategies, say which, as: ${names[0]} ${nameOrFile}; ${there}`);
}

/** Names of strategies have no slash, and no file's ending is a good end of one. */
function isPath(text: string): boolean {
  return text.includes('/') || /\.(ya?ml|[cm]?[jt]s)$/i.test(text) || existsSync(text);
}

function onlyOf(definitions: readonly StrategyDefinition[]): StrategyDefinition | undefined {
  return definitions.length === 1 ? definitions[0] : undefined;
}

function settingsOf(file: string): Settings {
  const { settings, problems } = readConfig({ file, environment: process.env });
  if (settings !== undefined) return settings;
  throw failed(`the config has mistakes:\n${formatProblems(problems)}`);
}

function sourcesOf(files: readonly string[]): StrategySource[] {
  const sources = new Map<string, StrategySource>();
  for (const file of files) {
    for (const [path, shown] of pathsOf(file)) sources.set(path, strategySource(path, shown));
  }
  if (sources.size <= strategyFilesMax) return [...sources.values()];
  throw failed(`these are ${sources.size} files; at most ${strategyFilesMax} strategy files are read`);
}

/** Each with its name as whoever wrote `file` would write it. */
function pathsOf(file: string): [path: string, shown: string][] {
  const absolute = resolve(file);
  if (statSync(absolute, { throwIfNoEntry: false })?.isDirectory() === true) {
    const inside = strategyFilesIn(absolute);
    if (inside.length === 0) throw failed(`${file}: no strategy file is in this folder (*.yaml, *.yml)`);
    return inside.map((path) => [path, shownPath(path, absolute, file)]);
  }
  const found = strategyFiles(process.cwd(), file);
  if ('message' in found) {
    throw failed(
      `${file}: ${found.message}${found.suggestion === undefined ? '' : `; did you mean ${found.suggestion}?`}`,
    );
  }
  const isAbsolute = file.startsWith('/');
  return found.paths.map((path) => [path, isAbsolute ? path : shownPath(path, process.cwd(), '.')]);
}

function failed(what: string): HeddleError {
  return new HeddleError('FAILED_PRECONDITION', what);
}
