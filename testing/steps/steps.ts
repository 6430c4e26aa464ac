// Step harness: loads the shipped sources of runtime/shared/ as generators that yield before every atomic operation, so
// that a test can stop, interleave and kill threads between any two of them. It works on the sources as they are: types
// are stripped, every function that reaches an operation of atomics.ts, by whatever path, becomes a generator, and every
// call of such a function drives it. What it does not understand it refuses, so that no step is skipped in silence:
//
//   - which functions step is found by name, to a fixed point; a name that only looks like a stepping one costs nothing,
//     since plain values are passed on;
//   - constructors are one step: their atomics run at once, and they may call nothing that steps;
//   - a closure that steps must be a method by another name (field, property), go to an event loop (`on`,
//     `queueMicrotask`, `setImmediate`), which drives what it returns, or to a constructor, which keeps it in a field
//     `#on…`; all others are refused;
//   - a call of stepping code that nobody drives is counted (`undrivenSteps`).
//
// Private names become public ones (`#tail` → `_tail`), so that a test can tell two states apart.

import { readdirSync, readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { type AnyNode, type CallExpression, type MemberExpression, type Program, parse } from 'acorn';

const root = new URL('../../', import.meta.url);

const sharedFolder = 'runtime/shared/';
/** Everything in runtime/shared/ steps but the operations themselves and the log, which is no part of a request's way. */
const unstepped = ['atomics.ts', 'log-bell.ts', 'log-ring.ts'];
const stepped: readonly string[] = [
  ...readdirSync(new URL(sharedFolder, root))
    .filter((name) => name.endsWith('.ts') && !unstepped.includes(name))
    .map((name) => sharedFolder + name),
  'runtime/thread-endpoint.ts',
  'testing/memory/echo-work.ts',
];

/** A textual change of a shipped source, for mutants. `find` must occur exactly once. */
export interface Edit {
  /** From the root. */
  file: string;
  find: string;
  replace: string;
}

/** The stepping modules, with the types of the shipped ones: `run(queue.take(0))` is what `queue.take(0)` was. */
export interface SteppingModules {
  layout: typeof import('../../runtime/shared/layout.ts');
  runQueue: typeof import('../../runtime/shared/run-queue.ts');
  requestTable: typeof import('../../runtime/shared/request-table.ts');
  completionRing: typeof import('../../runtime/shared/completion-ring.ts');
  arena: typeof import('../../runtime/shared/arena.ts');
  board: typeof import('../../runtime/shared/board.ts');
  inflight: typeof import('../../runtime/shared/inflight.ts');
  latency: typeof import('../../runtime/shared/latency.ts');
  link: typeof import('../../runtime/shared/link.ts');
  poolQueue: typeof import('../../runtime/shared/pool-queue.ts');
  asker: typeof import('../../runtime/shared/asker.ts');
  answerer: typeof import('../../runtime/shared/answerer.ts');
  taker: typeof import('../../runtime/shared/taker.ts');
  threadEndpoint: typeof import('../../runtime/thread-endpoint.ts');
  echoWork: typeof import('../memory/echo-work.ts');
}

/** What each thread makes is small, since the explorer makes many. */
const small: readonly Edit[] = [
  { file: 'runtime/shared/slab.ts', find: 'const slabBytes = 65_536;', replace: 'const slabBytes = 1024;' },
  { file: 'runtime/thread-endpoint.ts', find: 'TimerWheel({ clock })', replace: 'TimerWheel({ clock, slots: 2 })' },
];

/** The explorer's ports are no MessagePorts. */
const ownReceive: readonly Edit[] = [
  {
    file: 'runtime/thread-endpoint.ts',
    find: 'receiveMessageOnPort(this.#control) as { message: ToThread } | undefined',
    replace: '(this.#control as unknown as { receive(): { message: ToThread } | undefined }).receive()',
  },
  {
    file: 'runtime/shared/link-ports.ts',
    find: 'receiveMessageOnPort(side) as { message: SideMessage } | undefined',
    replace: '(side as unknown as { receive(): { message: SideMessage } | undefined }).receive()',
  },
];

/** Rendered sources by URL with the variant's query. */
const rendered = new Map<string, string>();
let variants = 0;

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const variant = context.parentURL === undefined ? null : new URL(context.parentURL).searchParams.get('steps');
    if (variant === null) return resolved;
    const url = new URL(resolved.url);
    url.searchParams.set('steps', variant);
    return rendered.has(url.href) ? { ...resolved, url: url.href } : resolved;
  },
  load(url, context, next) {
    const source = rendered.get(url);
    return source === undefined ? next(url, context) : { format: 'module', source, shortCircuit: true };
  },
});

/** Loads one more copy of the sources, changed by `edits`. */
export async function loadStepping(edits: readonly Edit[] = []): Promise<SteppingModules> {
  const variant = String(++variants);
  const sources = new Map<string, string>();
  for (const file of stepped) sources.set(file, readFileSync(new URL(file, root), 'utf8'));
  for (const { file, find, replace } of [...small, ...ownReceive, ...edits]) {
    const parts = (sources.get(file) ?? '').split(find);
    if (parts.length !== 2) throw new Error(`a mutant's text occurs ${parts.length - 1} times in ${file}: ${find}`);
    sources.set(file, parts.join(replace));
  }
  const href = (file: string): string => `${new URL(file, root).href}?steps=${variant}`;
  for (const [file, source] of stepSources(sources)) rendered.set(href(file), source);
  const load = <T>(file: string): Promise<T> => import(href(file)) as Promise<T>;
  return {
    layout: await load('runtime/shared/layout.ts'),
    runQueue: await load('runtime/shared/run-queue.ts'),
    requestTable: await load('runtime/shared/request-table.ts'),
    completionRing: await load('runtime/shared/completion-ring.ts'),
    arena: await load('runtime/shared/arena.ts'),
    board: await load('runtime/shared/board.ts'),
    inflight: await load('runtime/shared/inflight.ts'),
    latency: await load('runtime/shared/latency.ts'),
    link: await load('runtime/shared/link.ts'),
    poolQueue: await load('runtime/shared/pool-queue.ts'),
    asker: await load('runtime/shared/asker.ts'),
    answerer: await load('runtime/shared/answerer.ts'),
    taker: await load('runtime/shared/taker.ts'),
    threadEndpoint: await load('runtime/thread-endpoint.ts'),
    echoWork: await load('testing/memory/echo-work.ts'),
  };
}

/** Files, by path from the root, to their stepping form. */
export function stepSources(sources: ReadonlyMap<string, string>): Map<string, string> {
  const files = [...sources].map(([path, source]) => new StepFile(path, source));
  const names = new StepNames();
  let grew = true;
  while (grew) {
    grew = false;
    for (const file of files) if (file.findNames(names)) grew = true;
  }
  return new Map(files.map((file) => [file.path, file.render(names)]));
}

/** What steps, by name. Private names belong to their file, all others to all files. */
class StepNames {
  readonly functions = new Set<string>();
  /** Beside what is found: a message that is posted (between a swap and its bell a thread may die), and a handler's run. */
  readonly members = new Set<string>(['postMessage', 'runHandler']);
  readonly getters = new Set<string>();
}

/** Names that are also a Map's or an Array's; the classes that step have no call of them inside a closure. */
const plainMembers = new Set(['get', 'set', 'push']);
const loopEntries = new Set(['on', 'queueMicrotask', 'setImmediate']);
const callbackField = /#on[A-Z]/;
const recordCalls = new Set(['copyBytes', 'copyPayload', '#copyOut', 'copy', 'fill']);
const sharedViews = new Set(['words', '#words', 'doubles', '#doubles']);
const atomicNames = new Set(['load', 'store', 'swapIf', 'add', 'exchange']);

/** Most variants change one file of many. */
const parsedBySource = new Map<string, { text: string; program: Program }>();

function parsed(source: string): { text: string; program: Program } {
  let known = parsedBySource.get(source);
  if (known === undefined) {
    const text = stripTypeScriptTypes(source);
    known = { text, program: parse(text, { ecmaVersion: 'latest', sourceType: 'module' }) };
    parsedBySource.set(source, known);
  }
  return known;
}

type FunctionNode = Extract<
  AnyNode,
  { type: 'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression' }
>;

class StepFile {
  readonly path: string;
  readonly #source: string;
  readonly #program: Program;
  readonly #parents = new Map<AnyNode, AnyNode>();
  readonly #functions: FunctionNode[] = [];
  /** Imported from atomics.ts. */
  readonly #atomics = new Set<string>();
  #names = new StepNames();

  constructor(path: string, source: string) {
    this.path = path;
    const { text, program } = parsed(source);
    this.#source = text;
    this.#program = program;
    this.#index(this.#program);
  }

  /** Adds the names of this file's functions that step; true when there were new ones. */
  findNames(names: StepNames): boolean {
    this.#names = names;
    let grew = false;
    for (const node of this.#functions) {
      if (this.#isConstructor(node) || !this.#steps(node.body)) continue;
      const [set, name] = this.#nameOf(node);
      if (set === undefined || set.has(name)) continue;
      set.add(name);
      grew = true;
    }
    return grew;
  }

  render(names: StepNames): string {
    this.#names = names;
    for (const node of this.#functions) if (this.#isConstructor(node)) this.#checkConstructor(node);
    const runtime = new URL('testing/steps/step-runtime.ts', root).href;
    const head = `import { $, $op, $record, $step, $tasks, Steps } from ${JSON.stringify(runtime)};`;
    return `${head} const queueMicrotask = (task) => $tasks.microtasks.push(task), setImmediate = (task) => $tasks.immediates.push(task); ${this.#text(this.#program, false)}`;
  }

  #index(node: AnyNode): void {
    if (isFunction(node)) this.#functions.push(node);
    if (node.type === 'ImportDeclaration' && String(node.source.value).endsWith('/atomics.ts')) {
      for (const specifier of node.specifiers) {
        const imported =
          specifier.type === 'ImportSpecifier' && specifier.imported.type === 'Identifier' && specifier.imported.name;
        if (imported !== specifier.local.name || !atomicNames.has(imported)) {
          this.#refuse(node, 'imports of atomics.ts must keep their names');
        }
        this.#atomics.add(imported);
      }
    }
    for (const child of children(node)) {
      this.#parents.set(child, node);
      this.#index(child);
    }
  }

  /** The set that a stepping function's name goes to. Refuses functions that nobody could drive. */
  #nameOf(node: FunctionNode): [Set<string> | undefined, string] {
    if (node.async || node.generator) this.#refuse(node, 'async functions and generators cannot step');
    const { functions, members, getters } = this.#names;
    if (node.type === 'FunctionDeclaration') return [functions, node.id!.name];
    const parent = this.#parents.get(node)!;
    if (
      (parent.type === 'MethodDefinition' || parent.type === 'PropertyDefinition' || parent.type === 'Property') &&
      parent.value === node &&
      !parent.computed
    ) {
      const name = this.#memberName(parent.key);
      return [parent.type === 'MethodDefinition' && parent.kind === 'get' ? getters : members, name];
    }
    if (parent.type === 'VariableDeclarator' && parent.id.type === 'Identifier') return [functions, parent.id.name];
    if (parent.type === 'CallExpression' && loopEntries.has(calleeName(parent) ?? '')) return [undefined, ''];
    if (parent.type === 'NewExpression') return [undefined, ''];
    return this.#refuse(
      node,
      'a closure that steps must be a field, a property, a task or a callback of a constructor',
    );
  }

  #memberName(key: AnyNode): string {
    if (key.type === 'PrivateIdentifier') return `${this.path}#${key.name}`;
    if (key.type === 'Identifier') return key.name;
    return this.#refuse(key, 'only plain names may step');
  }

  #isConstructor(node: FunctionNode): boolean {
    const parent = this.#parents.get(node);
    return parent?.type === 'MethodDefinition' && parent.kind === 'constructor';
  }

  #checkConstructor(node: FunctionNode): void {
    this.#walk(node.body, (inner) => {
      if (this.#stepOf(inner) === 'call') this.#refuse(inner, 'a constructor may call nothing that steps');
    });
  }

  /** Whether code does a step itself, closures inside it aside. */
  #steps(node: AnyNode): boolean {
    let found = false;
    this.#walk(node, (inner) => {
      if (this.#stepOf(inner) !== undefined) found = true;
    });
    return found;
  }

  #walk(node: AnyNode, visit: (node: AnyNode) => void): void {
    visit(node);
    for (const child of children(node)) if (!isFunction(child)) this.#walk(child, visit);
  }

  #stepOf(node: AnyNode): 'atomic' | 'call' | undefined {
    if (node.type === 'CallExpression') {
      const { callee } = node;
      if (callee.type === 'Identifier') {
        if (this.#atomics.has(callee.name)) return 'atomic';
        return this.#names.functions.has(callee.name) ? 'call' : undefined;
      }
      if (callee.type === 'MemberExpression' && !callee.computed) {
        const name = this.#memberName(callee.property);
        if (callbackField.test(name)) return 'call';
        return this.#names.members.has(name) && !plainMembers.has(name) ? 'call' : undefined;
      }
      return undefined;
    }
    if (node.type === 'MemberExpression' && !node.computed) {
      if (!this.#names.getters.has(this.#memberName(node.property))) return undefined;
      const parent = this.#parents.get(node)!;
      return parent.type === 'CallExpression' && parent.callee === node ? undefined : 'call';
    }
    if (node.type === 'Property' && this.#parents.get(node)?.type === 'ObjectPattern' && !node.computed) {
      if (node.key.type === 'Identifier' && this.#names.getters.has(node.key.name)) {
        this.#refuse(node, 'a getter that steps cannot be destructured');
      }
    }
    return undefined;
  }

  #text(node: AnyNode, stepping: boolean): string {
    if (node.type === 'PrivateIdentifier') return `_${node.name}`;
    if (isFunction(node) && !this.#isConstructor(node) && this.#steps(node.body)) return this.#functionText(node);
    if (isFunction(node)) return this.#parts(node, this.#isConstructor(node));
    const step = this.#stepOf(node);
    if (step !== undefined) return this.#stepText(node as CallExpression | MemberExpression, step, stepping);
    if (node.type === 'ChainExpression') {
      const inner = this.#stepOf(node.expression);
      if (inner === 'call' && stepping) return calling(this.#parts(node.expression, stepping));
    }
    return this.#parts(node, stepping);
  }

  #functionText(node: FunctionNode): string {
    for (const parameter of node.params) {
      if (this.#steps(parameter)) this.#refuse(parameter, 'a default value cannot step');
    }
    const { body } = node;
    const before = this.#parts(node, false, body);
    const inner = body.type === 'BlockStatement' ? this.#text(body, true) : `{ return (${this.#text(body, true)}); }`;
    const call = `$step((function* () ${inner}).call(this))`;
    return node.type === 'ArrowFunctionExpression' ? `${before}${call}` : `${before}{ return ${call}; }`;
  }

  #stepText(node: CallExpression | MemberExpression, step: 'atomic' | 'call', stepping: boolean): string {
    if (!stepping) this.#refuse(node, 'a step outside a function');
    if (step === 'call') {
      this.#checkChain(node);
      return calling(this.#parts(node, true));
    }
    // A constructor is one step.
    if (this.#inConstructor(node)) return this.#parts(node, true);
    const call = node as CallExpression;
    const name = (call.callee as { name: string }).name;
    return `(yield $op('${name}', ${call.arguments.map((argument) => this.#text(argument, true)).join(', ')}))`;
  }

  #inConstructor(node: AnyNode): boolean {
    let up: AnyNode | undefined = node;
    while (up !== undefined && !isFunction(up)) up = this.#parents.get(up);
    return up !== undefined && this.#isConstructor(up as FunctionNode);
  }

  /** `a?.b().c` would lose its short circuit if `a?.b()` were wrapped alone. */
  #checkChain(node: AnyNode): void {
    let inner: AnyNode = node;
    while (inner.type === 'CallExpression' || inner.type === 'MemberExpression') {
      if (inner.optional) this.#refuse(node, 'a step in the middle of an optional chain');
      inner = inner.type === 'CallExpression' ? inner.callee : inner.object;
    }
  }

  /** The node's own text with its children's in place; up to `until`, when given. */
  #parts(node: AnyNode, stepping: boolean, until?: AnyNode): string {
    let text = '';
    let at = node.start;
    for (const child of children(node)) {
      if (child === until) return text + this.#source.slice(at, child.start).replace(/\(\s*$/, '');
      // `{ words }` in a literal or pattern is one node in two places.
      if (child.start < at) continue;
      text += this.#source.slice(at, child.start);
      if (stepping && isStatementOf(node, child)) text += this.#recordStep(node, child);
      text += this.#text(child, stepping);
      at = child.end;
    }
    return text + this.#source.slice(at, node.end);
  }

  /** A step before the first and the last of a run of plain writes to shared memory. */
  #recordStep(parent: AnyNode, statement: AnyNode): string {
    if (!isRecordStatement(statement) || this.#inConstructor(statement)) return '';
    const siblings = children(parent);
    const place = siblings.indexOf(statement);
    const isRecord = (index: number): boolean => siblings[index] !== undefined && isRecordStatement(siblings[index]);
    if (isRecord(place - 1) && isRecord(place + 1)) return '';
    const target = assignedWord(statement);
    if (target === undefined) return 'yield $record(undefined, 0); ';
    return `yield $record(${this.#parts(target.object, true)}, ${this.#text(target.property, true)}); `;
  }

  #refuse(node: AnyNode, why: string): never {
    const line = this.#source.slice(0, node.start).split('\n').length;
    throw new Error(`${this.path}:${line} cannot be made to step: ${why}`);
  }
}

/** A call that is driven if it steps. */
function calling(call: string): string {
  return `($.call = ${call}, $.call instanceof Steps ? yield $.call : $.call)`;
}

function isFunction(node: AnyNode): node is FunctionNode {
  return (
    node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression'
  );
}

/** In the order of the source. */
function children(node: AnyNode): AnyNode[] {
  const found: AnyNode[] = [];
  for (const value of Object.values(node) as unknown[]) {
    for (const one of Array.isArray(value) ? value : [value]) if (isNode(one)) found.push(one);
  }
  return found.sort((left, right) => left.start - right.start);
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

function isStatementOf(parent: AnyNode, child: AnyNode): boolean {
  return (parent.type === 'BlockStatement' || parent.type === 'SwitchCase') && child.type.endsWith('Statement');
}

function calleeName(call: CallExpression): string | undefined {
  const { callee } = call;
  if (callee.type === 'Identifier') return callee.name;
  if (callee.type !== 'MemberExpression' || callee.computed) return undefined;
  if (callee.property.type === 'PrivateIdentifier') return `#${callee.property.name}`;
  return callee.property.type === 'Identifier' ? callee.property.name : undefined;
}

function assignedWord(statement: AnyNode): MemberExpression | undefined {
  if (statement.type !== 'ExpressionStatement' || statement.expression.type !== 'AssignmentExpression')
    return undefined;
  const { left } = statement.expression;
  if (left.type !== 'MemberExpression' || !left.computed) return undefined;
  const { object } = left;
  const view = object.type === 'MemberExpression' ? object.property : object;
  const name = view.type === 'PrivateIdentifier' ? `#${view.name}` : view.type === 'Identifier' ? view.name : '';
  return sharedViews.has(name) ? left : undefined;
}

function isRecordStatement(statement: AnyNode): boolean {
  if (assignedWord(statement) !== undefined) return true;
  if (statement.type === 'IfStatement') return isRecordStatement(statement.consequent);
  if (statement.type === 'ForStatement') return isRecordStatement(statement.body);
  if (statement.type !== 'ExpressionStatement' || statement.expression.type !== 'CallExpression') return false;
  return recordCalls.has(calleeName(statement.expression) ?? '');
}
