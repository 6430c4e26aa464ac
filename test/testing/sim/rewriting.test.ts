// Modules are read without a parser, which the package would have to bring: here a parser says what it should have read.

import { globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { type ModuleDeclaration, type Pattern, type Program, parse } from 'acorn';
import test from 'ava';
import { ModuleRewriter } from '../../../testing/sim/module-rewriter.ts';

const root = new URL('../../../', import.meta.url).pathname;

interface Read {
  exports: string[];
  imports: string[];
}

/** As the language has it. */
function parsed(source: string): Read {
  const { body }: Program = parse(source, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true });
  const read: Read = { exports: [], imports: [] };
  for (const statement of body) readStatement(statement as ModuleDeclaration, read);
  return sorted(read);
}

function readStatement(statement: ModuleDeclaration, { exports, imports }: Read): void {
  if (statement.type === 'ImportDeclaration') {
    imports.push(String(statement.source.value));
    for (const { local } of statement.specifiers) imports.push(local.name);
  } else if (statement.type === 'ExportDefaultDeclaration') exports.push('default');
  else if (statement.type === 'ExportAllDeclaration') {
    imports.push(String(statement.source.value));
    exports.push(statement.exported === null || statement.exported === undefined ? '*' : nameOf(statement.exported));
  } else if (statement.type === 'ExportNamedDeclaration') {
    if (statement.source) imports.push(String(statement.source.value));
    for (const { exported } of statement.specifiers) exports.push(nameOf(exported));
    const { declaration } = statement;
    if (declaration?.type === 'VariableDeclaration') {
      for (const { id } of declaration.declarations) exports.push(...boundBy(id));
    } else if (declaration) exports.push(declaration.id.name);
  }
}

function nameOf(node: { type: string; name?: string }): string {
  return node.name ?? node.type;
}

function boundBy(pattern: Pattern | null): string[] {
  switch (pattern?.type) {
    case 'Identifier':
      return [pattern.name];
    case 'ObjectPattern':
      return pattern.properties.flatMap((one) => boundBy(one.type === 'RestElement' ? one : one.value));
    case 'ArrayPattern':
      return pattern.elements.flatMap(boundBy);
    case 'AssignmentPattern':
      return boundBy(pattern.left);
    case 'RestElement':
      return boundBy(pattern.argument);
    default:
      return [];
  }
}

function rewritten(source: string): Read {
  const rewriter = new ModuleRewriter(source, 'file:///m.js');
  rewriter.rewrite();
  const { imports, imported, exports, stars } = rewriter;
  return sorted({
    exports: [...exports.map(({ name }) => name), ...stars.map(() => '*')],
    imports: [...imports.map(({ specifier }) => specifier), ...imported.map(({ local }) => local)],
  });
}

function sorted({ exports, imports }: Read): Read {
  return { exports: exports.toSorted(), imports: imports.toSorted() };
}

const forms = [
  'export const a = 1, b = 2, { c, d: [e = 3, ...f], ...g } = x;',
  'export const a = 1\nconst b = 2, c = 3',
  `export const a = () => {\n}, b = x\n  .y(1, 2), c = \`\${q, r}, s\`\nlet d`,
  'export let a, b\nexport { b as c }',
  'export const f = function ()\n{\n}, g = class\n{\n}\nfoo(), h',
  'let n = 1; const a = n++ / 2; export const b = n-- / 3 / 4;',
  'if (s) /[\'"]export const z/.test(s); export const b = 1;',
  'while (s) /x`/.test(s)\nexport const b = (s) / 2 / 1;',
  'function f() {} /[`"]/.test(s); export { f }',
  'const o = { a: 1 } / 2; export const b = 1 / 2',
  `const t = \`\${ { a: \`}\` }.a } export const z = 1\`; export const b = t;`,
  'class A { import(x) { return import(x); } static export = 1 } export default A',
  'const r = /a[/"]b/g\nexport const b = r, c = r.x',
  'export const ünï = 1; import { ö as ä } from "./x.js";',
  'export default class extends A {}',
  'export default async function* () {}',
  'export default (1, 2)',
  'import a, * as b from "x"; import c, { d as e, default as f } from \'y\' with { type: "json" };',
  'import "a"\nimport b from "c"\nexport { b }',
  'export * as ns from "x"; export * from "y"; export { default, z as default2 } from "z"',
  'label: for (const of of of) { yield_ = of / 2 } export const b = 1, c = 2',
  '// "\n/* ` */ export /* x */ const b = 1 /* , z */, c = 2 // , q\n',
];

test('modules are read as a parser reads them, in every form', (t) => {
  for (const source of forms) {
    t.deepEqual(rewritten(source), parsed(source), source);
    const code = new ModuleRewriter(source, 'file:///m.js').rewrite();
    t.notThrows(() => parse(`() => {${code}\n}`, { ecmaVersion: 'latest' }), source);
  }
});

test('modules are read as a parser reads them, in all sources of Heddle and in packages', (t) => {
  const own = globSync('{runtime,net,dag,testing}/**/*.ts', { cwd: root });
  const packages = globSync('node_modules/{yaml,commander,croner,ava,acorn}/**/*.{mjs,js}', {
    cwd: root,
  });
  let count = 0;
  for (const path of [...own, ...packages]) {
    const text = readFileSync(`${root}${path}`, 'utf8');
    if (!/^(?:im|ex)port\b/m.test(text)) continue;
    const source = path.endsWith('.ts') ? stripTypeScriptTypes(text) : text;
    t.deepEqual(rewritten(source), parsed(source), path);
    count++;
  }
  t.true(count > 400);
});
