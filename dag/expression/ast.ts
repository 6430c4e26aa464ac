// The syntax tree of an expression. Made by the parser, read by the checker, the compiler and `references`. Every node
// knows its place: offsets in UTF-16 units into the expression's text, end excluded.

interface Placed {
  readonly start: number;
  readonly end: number;
}

export type BinaryOperator = '+' | '-' | '*' | '/' | '%' | '<' | '<=' | '>' | '>=' | '==' | '!=' | 'in';
export type MacroName = 'all' | 'exists' | 'exists_one' | 'filter' | 'map' | 'sortBy';

export type Literal = Placed & { kind: 'literal'; value: number | string | boolean | null };
export type Name = Placed & { kind: 'name'; name: string };
/** `target.name`, `target.?name`. */
export type Field = Placed & { kind: 'field'; target: Node; name: string; optional: boolean };
/** `target[index]`, `target[?index]`. */
export type Index = Placed & { kind: 'index'; target: Node; index: Node; optional: boolean };
export type List = Placed & { kind: 'list'; items: readonly Node[] };
export type MapLiteral = Placed & { kind: 'map'; keys: readonly Node[]; values: readonly Node[] };
export type Unary = Placed & { kind: 'unary'; operator: '-' | '!'; operand: Node };
export type Binary = Placed & { kind: 'binary'; operator: BinaryOperator; left: Node; right: Node };
export type Logic = Placed & { kind: 'logic'; operator: '&&' | '||'; left: Node; right: Node };
/** `condition ? whenTrue : whenFalse`. */
export type Choice = Placed & { kind: 'choice'; condition: Node; whenTrue: Node; whenFalse: Node };
export type Has = Placed & { kind: 'has'; operand: Node };
/** `target.orValue(fallback)`: the end of an optional chain. */
export type OrValue = Placed & { kind: 'orValue'; target: Node; fallback: Node };
/** `target.hasValue()`: the other end of one. */
export type HasValue = Placed & { kind: 'hasValue'; target: Node };
/** `target.macro(variable, body)`; only `map` has a condition: `map(variable, condition, body)`. */
export type Macro = Placed & {
  kind: 'macro';
  name: MacroName;
  target: Node;
  variable: string;
  condition: Node | undefined;
  body: Node;
};
/** `name(args)`, or `args[0].name(the rest)`: both mean the same. */
export type Call = Placed & { kind: 'call'; name: string; nameStart: number; args: readonly Node[] };

export type Node =
  | Literal
  | Name
  | Field
  | Index
  | List
  | MapLiteral
  | Unary
  | Binary
  | Logic
  | Choice
  | Has
  | OrValue
  | HasValue
  | Macro
  | Call;

/** A text that was read without a problem. */
export interface Expression {
  readonly text: string;
  readonly root: Node;
}

/** In the order of the text. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'literal':
    case 'name':
      return [];
    case 'field':
    case 'hasValue':
      return [node.target];
    case 'index':
      return [node.target, node.index];
    case 'list':
      return node.items;
    case 'map':
      return node.keys.flatMap((key, at) => [key, node.values[at]!]);
    case 'unary':
    case 'has':
      return [node.operand];
    case 'binary':
    case 'logic':
      return [node.left, node.right];
    case 'choice':
      return [node.condition, node.whenTrue, node.whenFalse];
    case 'orValue':
      return [node.target, node.fallback];
    case 'macro':
      return node.condition === undefined ? [node.target, node.body] : [node.target, node.condition, node.body];
    case 'call':
      return node.args;
  }
}

export function nodesIn(node: Node): number {
  return childrenOf(node).reduce((sum, child) => sum + nodesIn(child), 1);
}

/** Whether it reads a variable that it does not bind itself. */
export function hasFreeNames(node: Node, bound: readonly string[] = []): boolean {
  if (node.kind === 'name') return !bound.includes(node.name);
  if (node.kind !== 'macro') return childrenOf(node).some((child) => hasFreeNames(child, bound));
  const within = [...bound, node.variable];
  const inside = node.condition === undefined ? [node.body] : [node.condition, node.body];
  return hasFreeNames(node.target, bound) || inside.some((child) => hasFreeNames(child, within));
}

/** The key of an access that is written out; undefined: it is calculated, or a number. */
export function partOf(node: Field | Index): string | undefined {
  if (node.kind === 'field') return node.name;
  return node.index.kind === 'literal' && typeof node.index.value === 'string' ? node.index.value : undefined;
}

/** Whether absence passes through here: from the first `.?` of a chain on, every further access is optional too. */
export function isOptional(node: Node): node is Field | Index {
  return (node.kind === 'field' || node.kind === 'index') && (node.optional || isOptional(node.target));
}
