// strategyFiles: the files that a path or a glob names, for `strategies` of heddle.yaml and for the arguments of
// `heddle dag`. Main thread only, since it looks at the disk.

import { globSync, statSync } from 'node:fs';
import { basename, extname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { StrategySource } from '../runtime/strategies.ts';
import { quote } from './quote.ts';
import { neighbour } from './resolve-module.ts';

/** Files of one process at most: a set is read and checked as a whole. */
export const strategyFilesMax = 1000;

const fileEndings = new Set(['.yaml', '.yml']);
const moduleEndings = new Set(['.ts', '.js', '.mjs', '.mts']);
const endings = [...fileEndings, ...moduleEndings].join(', ');

export type FoundFiles =
  /** Absolute, sorted. */
  { paths: string[] } | { message: string; suggestion: string | undefined };

/**
 * `written` is relative to `baseDir`. A glob (`*`, `**`, `?`, `[ab]`, `{a,b}`) means the strategy files and modules among
 * what it matches, none in node_modules; a path means that file, whatever signs are in it.
 */
export function strategyFiles(baseDir: string, written: string): FoundFiles {
  const absolute = resolve(baseDir, written);
  const kind = kindOf(absolute);
  if (kind === 'file') {
    if (isStrategyFile(absolute)) return { paths: [absolute] };
    return { message: `${quote(written)} is neither a strategy file nor a module: ${endings}`, suggestion: undefined };
  }
  if (kind === 'folder') {
    return { message: `${quote(written)} is a folder`, suggestion: `${written.replace(/\/+$/, '')}/*.yaml` };
  }
  if (/[*?[\]{}]/.test(written)) {
    const paths = globbed(baseDir, written);
    if (paths.length > 0) return { paths };
    return { message: `${quote(written)} matches no file: looked in ${baseDir}`, suggestion: undefined };
  }
  return { message: `no such file: looked at ${absolute}`, suggestion: neighbour(absolute, written) };
}

/** Where strategies are, as it was written: read again by each publish, so that new files are found. */
export interface WrittenSources {
  readonly written: readonly string[];
  /** The folder that it is relative to, and what problems call that. */
  readonly baseDir: string;
  readonly shownDir: string;
}

/** All of them, each once, and what is wrong with those that were not found. */
export function findSources({ written, baseDir, shownDir }: WrittenSources): {
  sources: StrategySource[];
  problems: { index: number; message: string; suggestion: string | undefined }[];
} {
  const sources = new Map<string, StrategySource>();
  const problems: { index: number; message: string; suggestion: string | undefined }[] = [];
  for (const [index, one] of written.entries()) {
    const found = strategyFiles(baseDir, one);
    if ('message' in found) {
      problems.push({ index, ...found });
      continue;
    }
    for (const path of found.paths) {
      if (!sources.has(path)) sources.set(path, strategySource(path, shownPath(path, baseDir, shownDir)));
    }
    if (sources.size <= strategyFilesMax) continue;
    const message = `with this there are ${sources.size} strategy files; at most ${strategyFilesMax} are read`;
    problems.push({ index, message, suggestion: undefined });
    break;
  }
  return { sources: [...sources.values()], problems };
}

/** The strategy files of a folder and of those in it, sorted; no modules, and nothing of node_modules. */
export function strategyFilesIn(folder: string): string[] {
  return globbed(folder, '**/*.{yaml,yml}');
}

/** `shown`: what problems call the file. */
export function strategySource(path: string, shown: string): StrategySource {
  if (fileEndings.has(extname(path).toLowerCase())) return { kind: 'file', path, shown };
  return { kind: 'module', moduleUrl: pathToFileURL(path).href, shown };
}

/** A path below `folder`, as one who calls the folder `shownFolder` would write it. */
export function shownPath(path: string, folder: string, shownFolder: string): string {
  return join(shownFolder, relative(folder, path));
}

function globbed(folder: string, pattern: string): string[] {
  const found = globSync(pattern, { cwd: folder, exclude: (path) => basename(path) === 'node_modules' });
  const paths = found.map((path) => resolve(folder, path));
  // In the order of their characters, whatever the machine's language.
  return [...new Set(paths)].filter((path) => isStrategyFile(path) && kindOf(path) === 'file').sort();
}

function isStrategyFile(path: string): boolean {
  if (/\.d\.[cm]?ts$/.test(path)) return false;
  const ending = extname(path).toLowerCase();
  return fileEndings.has(ending) || moduleEndings.has(ending);
}

function kindOf(path: string): 'file' | 'folder' | 'nothing' {
  try {
    const stats = statSync(path);
    return stats.isDirectory() ? 'folder' : 'file';
  } catch {
    // Not there, or on a way that may not be walked: for this process there is nothing.
    return 'nothing';
  }
}
