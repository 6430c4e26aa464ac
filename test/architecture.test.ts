// The architecture as a test: layers as ARCHITECTURE.md's table draws them (it is read here, so that they can't drift
// apart), no import cycles, one home for shared memory, and the laws of style that a machine can check.

import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import test from 'ava';
import {
  findCycle,
  type Import,
  importsOf,
  root,
  type SourceFile,
  sourceFiles,
  withoutComments,
} from './helpers/import-graph.ts';

const files = sourceFiles();

/** One row of the table: `net/` may import `scheduler`, `runtime`. */
interface Layer {
  /** `net/`, `runtime/shared/`, or a file's path. */
  folder: string;
  /** Folders, paths, packages, `node:*`. Undefined: nothing is said, so it is the surrounding folder's, or all. */
  allowed: string[] | undefined;
  /** `never another plugin`: each entry of the folder stands alone. */
  apart: boolean;
}

const layers = readLayers(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'));

function readLayers(markdown: string): Layer[] {
  const read: Layer[] = [];
  for (const [, folder = '', cell = ''] of markdown.matchAll(/^\| `([^`]+)` *\|[^|]*\|([^|]*)\|$/gm)) {
    const [may = '', never = ''] = cell.split(/;? *never /);
    const below = may.includes('anything below') ? read.map((layer) => layer.folder.replace(/\/$/, '')) : [];
    const named = may
      .replace('anything below', '')
      .split(',')
      .map((name) => name.trim().replaceAll('`', ''))
      .filter((name) => name !== '');
    const allowed = [...below, ...named];
    read.push({ folder, allowed: allowed.length > 0 ? allowed : undefined, apart: never.includes('another') });
  }
  return read;
}

function layerOf(path: string): Layer | undefined {
  const around = layers.filter(({ folder }) => path === folder || (folder.endsWith('/') && path.startsWith(folder)));
  const byDepth = around.sort((a, b) => b.folder.length - a.folder.length);
  return byDepth.find(({ allowed }) => allowed !== undefined) ?? byDepth[0];
}

/** Why the layers forbid it; undefined: they don't. */
function violation(path: string, { target }: Import): string | undefined {
  const layer = layerOf(path);
  if (layer?.allowed === undefined) return undefined;
  const isPackage = !target.includes('/') || target.startsWith('@') || target.startsWith('node:');
  const isFile = !isPackage || target.endsWith('.ts');
  // Packages are bounded where the table names some; what else a folder builds on stands in package.json.
  const namesPackages = layer.allowed.includes('node:*');
  if (!isFile && !namesPackages) return undefined;
  if (!isFile && (target.startsWith('node:') || layer.allowed.includes(target))) return undefined;
  if (isFile && target.startsWith(layer.folder)) {
    const part = (file: string) => file.slice(layer.folder.length).split('/')[0]?.replace(/\.ts$/, '');
    return layer.apart && part(path) !== part(target)
      ? `${path} imports another of ${layer.folder}: ${target}`
      : undefined;
  }
  if (layer.allowed.some((name) => target === name || target.startsWith(`${name}/`))) return undefined;
  return `${path} imports ${target}, but ${layer.folder} may import only ${layer.allowed.join(', ')}`;
}

test('the table of ARCHITECTURE.md names the layers', (t) => {
  const folders = layers.map(({ folder }) => folder);
  for (const folder of [
    'runtime/',
    'runtime/shared/',
    'admin/',
    'scheduler/',
    'net/',
    'dag/',
    'plugins/',
    'cli/',
    'index.ts',
  ]) {
    t.true(folders.includes(folder), folder);
  }
  t.deepEqual(layerOf('scheduler/x.ts')?.allowed, ['runtime']);
  t.is(layerOf('runtime/shared/x.ts')?.folder, 'runtime/');
  t.is(layerOf('test/x.ts'), undefined);
});

test('the layer check finds what it is for', (t) => {
  const says = (path: string, code: string) => importsOf(path, code).map((one) => violation(path, one));
  t.deepEqual(says('runtime/a.ts', "import type { X } from '../net/x.ts';"), [
    'runtime/a.ts imports net/x.ts, but runtime/ may import only node:*, piscina, eventemitter3, pino',
  ]);
  t.deepEqual(says('runtime/fiber/a.ts', "export {\n  x,\n} from '../../scheduler/x.ts';").length, 1);
  t.truthy(says('runtime/a.ts', "const x = await import('commander');")[0]);
  t.truthy(says('dag/a.ts', "import { x } from '../net/x.ts';")[0]);
  t.truthy(says('scheduler/a.ts', "import { x } from '../test/x.ts';")[0]);
  t.truthy(says('plugins/a/x.ts', "import { x } from '../b/x.ts';")[0]);
  t.deepEqual(says('plugins/a/x.ts', "import { x } from './y.ts';\nimport { z } from '../../net/z.ts';"), [
    undefined,
    undefined,
  ]);
  t.deepEqual(says('runtime/a.ts', "// import { x } from '../net/x.ts';\nimport { y } from 'pino';"), [undefined]);
});

test('every import stays within its layer', (t) => {
  const found = files.flatMap(({ path, imports }) => imports.map((one) => violation(path, one)));
  t.deepEqual(
    found.filter((sentence) => sentence !== undefined),
    [],
  );
});

test('there is no import cycle, of types neither', (t) => {
  const known = new Set(files.map(({ path }) => path));
  const edges = new Map(
    files.map(({ path, imports }) => [path, imports.map(({ target }) => target).filter((target) => known.has(target))]),
  );
  t.is(findCycle(edges)?.join('\n  -> '), undefined);
  const [a, b, c] = ['a', 'b', 'c'];
  t.deepEqual(
    findCycle(
      new Map([
        [a, [b]],
        [b, [c]],
        [c, [b]],
      ]),
    ),
    ['b', 'c', 'b'],
  );
});

test('every imported file of ours exists', (t) => {
  const known = new Set(files.map(({ path }) => path));
  const missing = files.flatMap(({ path, imports }) =>
    imports
      .filter(({ target }) => target.endsWith('.ts') && !known.has(target))
      .map(({ target }) => `${path}: ${target}`),
  );
  t.deepEqual(missing, []);
});

test('only runtime/shared/, and what puts it to the test, touches SharedArrayBuffer and Atomics', (t) => {
  const outside = files.filter(
    ({ path }) => !/^(runtime\/shared|testing|test|bench)\//.test(path) && !path.endsWith('.d.ts'),
  );
  const found = outside
    .filter(({ text }) => /\b(SharedArrayBuffer|Atomics)\b/.test(text))
    .filter(({ text }) => {
      // Naming the type is passing it on; what is left once the types are gone, uses it.
      const code = withoutComments(stripTypeScriptTypes(text)).replace(/'[^'\n]*'/g, '');
      return /\b(SharedArrayBuffer|Atomics)\b/.test(code);
    });
  t.deepEqual(
    found.map(({ path }) => path),
    [],
  );
});

/** Files of the folders below that never run on an IO or admin thread, each with its reason. */
const offIoThreads: Record<string, string> = {
  'admin/admin-host.ts': 'main: it resolves the name to listen on before the admin thread is made',
};

/**
 * What runs on libuv's thread pool, which the whole process shares (or, `node:zlib`, may; or, what connects, looks up a
 * name that it is given): nothing for IO threads.
 */
const threadPool: Record<string, (name: string) => boolean> = {
  'node:fs/promises': () => true,
  'node:fs': (name) => !/Sync$|^constants$|^[A-Z]/.test(name),
  'node:zlib': (name) => !/Sync$|^constants$|^crc32$/.test(name),
  'node:dns': (name) => /^(lookup|lookupService)$/.test(name),
  'node:dns/promises': (name) => /^(lookup|lookupService)$/.test(name),
  'node:crypto': (name) =>
    !/Sync$|^(createHash|createHmac|hash|timingSafeEqual|randomUUID|constants|[A-Z]\w*)$/.test(name),
  'node:net': (name) => /^(connect|createConnection|default|\*)$/.test(name),
  'node:tls': (name) => /^(connect|default|\*)$/.test(name),
  'node:http': (name) => /^(request|get|default|\*)$/.test(name),
  'node:https': (name) => /^(request|get|default|\*)$/.test(name),
  'node:http2': (name) => /^(connect|default|\*)$/.test(name),
};

/** The same without an import. */
const threadPoolGlobals =
  /\bcrypto\.subtle\b|\b(?:De)?[cC]ompressionStream\b|\bgetBuiltinModule\b|(?<![.\w])fetch\(|new (?:WebSocket|EventSource)\b/g;

/** The one place that connects: to IP literals, which nobody looks up. */
const connectsToLiterals = 'net/client/host.ts: connect of node:net';

/** What a file uses of libuv's thread pool, as sentences. */
function threadPoolUses({ path, text, imports }: SourceFile): string[] {
  const code = withoutComments(text);
  const uses = imports
    .filter(({ typeOnly }) => !typeOnly)
    .flatMap(({ target, names }) =>
      names.filter((name) => threadPool[target]?.(name)).map((name) => `${path}: ${name} of ${target}`),
    );
  const asksNames = imports.some(({ target }) => target.startsWith('node:dns'));
  if (asksNames && /\.lookup(?:Service)?\b/.test(code)) uses.push(`${path}: dns.lookup`);
  uses.push(...[...code.replace(/'[^'\n]*'/g, "''").matchAll(threadPoolGlobals)].map(([use]) => `${path}: ${use}`));
  return uses;
}

test("nothing that may run on an IO or admin thread uses libuv's thread pool", (t) => {
  const onIoThreads = files.filter(
    ({ path }) => /^(admin|net|plugins|runtime|scheduler)\//.test(path) && offIoThreads[path] === undefined,
  );
  t.deepEqual(onIoThreads.flatMap(threadPoolUses).toSorted(), [
    connectsToLiterals,
    'net/compression/zlib.ts: getBuiltinModule',
    'runtime/body-hash.ts: getBuiltinModule',
    'runtime/lean-crypto.ts: getBuiltinModule',
    'runtime/lean-http.ts: getBuiltinModule',
  ]);
  t.deepEqual(
    Object.keys(offIoThreads).filter((path) => !files.some((file) => file.path === path)),
    [],
  );
});

test('the check for the thread pool finds what it is for', (t) => {
  const uses = (text: string) =>
    threadPoolUses({ path: 'net/a.ts', text, imports: importsOf('net/a.ts', text) }).length;
  for (const code of [
    "import { readFile } from 'node:fs/promises';",
    "import { promises as names } from 'node:dns';\nawait names.lookup('x');",
    "import { scrypt } from 'node:crypto';",
    "import { subtle } from 'node:crypto';",
    "import { gzip } from 'node:zlib';",
    "import { createConnection } from 'node:net';",
    "const { get } = await import('node:http');",
    'await crypto.subtle.digest(name, bytes);',
    "stream.pipeThrough(new CompressionStream('gzip'));",
    'await fetch(url);',
  ]) {
    t.is(uses(code), 1, code);
  }
  t.is(uses("import { readFileSync } from 'node:fs';\n// await fetch(url)\nthis.fetch(url);\ntable.lookup(name);"), 0);
});

test('every file but a test file, whose titles speak, opens with a comment that says what it is', (t) => {
  const told = files.filter(({ path }) => !path.endsWith('.test.ts'));
  const silent = told.filter(({ text }) => !/^(#!.*\n)?(\/\/ \S.{20}|\/\*\*?\s+\S)/.test(text));
  t.deepEqual(
    silent.map(({ path }) => path),
    [],
  );
});

test('no file is longer than 500 lines', (t) => {
  const long = files.filter(({ text }) => text.split('\n').length > 501);
  t.deepEqual(
    long.map(({ path, text }) => `${path}: ${text.split('\n').length - 1} lines`),
    [],
  );
});

test('no any, no exemption from the type checker, the linter or the tests', (t) => {
  const anyType = /(?:[:|&<,]\s*|\bas\s+|=>\s*)any\b(?=\s*(?:\[\]|[;,)>=|&\]}]|$))/m;
  // In a test, an expected error that says why is a law about types: a line that must not compile.
  const exemption = /@ts-(?:ignore|nocheck)|biome-ignore|c8 ignore|\btest\.(?:skip|todo|only|failing)\b/;
  const silencedError = /@ts-expect-error/;
  const self = 'test/architecture.test.ts';
  const found = files.filter(
    ({ path, text }) =>
      path !== self &&
      (exemption.test(text) ||
        (silencedError.test(text) && !path.startsWith('test/')) ||
        /@ts-expect-error\s*$/m.test(text) ||
        anyType.test(withoutComments(text).replace(/'[^'\n]*'/g, "''"))),
  );
  t.deepEqual(
    found.map(({ path }) => path),
    [],
  );
});
