// The import graph of the repository, for test/architecture.test.ts. It reads the sources as text: Biome's format puts
// every static import at the start of a line, which is all the grammar that is needed here.

import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, normalize } from 'node:path/posix';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Import {
  /** A path from the root (`runtime/call.ts`), `node:fs`, or a package's name. */
  target: string;
  /** What it takes by name, types included; `*` for all, `default`. */
  names: string[];
  /** `import type`, or nothing but `type` names: gone at run time. */
  typeOnly: boolean;
}

export interface SourceFile {
  /** From the root, with `/`. */
  path: string;
  text: string;
  imports: Import[];
}

/** All TypeScript sources that are ours. */
export function sourceFiles(): SourceFile[] {
  const exclude = ['node_modules', 'dist', 'coverage', '.git', '.cache'];
  return globSync('**/*.ts', { cwd: root, exclude: (name) => exclude.includes(name) })
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      return { path, text, imports: importsOf(path, text) };
    });
}

const staticImport = /^(?:import|export)\s+(type\s+)?(?:([^'";]*?)\s*from\s*)?'([^']+)'/gm;
const dynamicImport = /\bimport\(\s*'([^']+)'\s*\)/g;

/** Static and dynamic imports and re-exports of one file, also those of types. */
export function importsOf(path: string, text: string): Import[] {
  const imports: Import[] = [];
  const code = withoutComments(text);
  for (const [, type, clause, specifier] of code.matchAll(staticImport)) {
    const names = namesOf(clause ?? '');
    const typeOnly = type !== undefined || (names.length > 0 && names.every((name) => name.startsWith('type ')));
    const bare = names.map((name) => name.replace(/^type /, ''));
    imports.push({ target: targetOf(path, specifier ?? ''), names: bare, typeOnly });
  }
  for (const [, specifier] of code.matchAll(dynamicImport)) {
    imports.push({ target: targetOf(path, specifier ?? ''), names: ['*'], typeOnly: false });
  }
  return imports;
}

/** The first cycle, as its paths with the first one repeated at the end; undefined: there is none. */
export function findCycle(edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): string[] | undefined => {
    if (done.has(path)) return undefined;
    const seen = trail.indexOf(path);
    if (seen !== -1) return [...trail.slice(seen), path];
    trail.push(path);
    for (const next of edges.get(path) ?? []) {
      const cycle = visit(next);
      if (cycle !== undefined) return cycle;
    }
    trail.pop();
    done.add(path);
    return undefined;
  };
  for (const path of edges.keys()) {
    const cycle = visit(path);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/** The code without comments, line for line. Inside a line only what follows white space counts: `'http://…'` stays. */
export function withoutComments(text: string): string {
  return text
    .replace(/^\s*\/\*[\s\S]*?\*\//gm, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/\/\*\*? [^\n]*? \*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '$1');
}

function namesOf(clause: string): string[] {
  const [, outside = '', inside = ''] = /^([^{]*)\{?([^}]*)\}?/.exec(clause) ?? [];
  const names = inside.split(',').map((name) => name.trim().replace(/ as .*$/, ''));
  for (const name of outside.split(',').map((part) => part.trim())) {
    if (name !== '') names.push(name.startsWith('*') ? '*' : 'default');
  }
  return names.filter((name) => name !== '');
}

function targetOf(path: string, specifier: string): string {
  if (specifier.startsWith('.')) return normalize(join(dirname(path), specifier));
  if (specifier.startsWith('node:')) return specifier;
  if (builtinModules.includes(specifier)) return `node:${specifier}`;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
