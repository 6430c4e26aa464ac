// The parser: tokens to a tree, by precedence climbing. From weakest to strongest: ?:  ||  &&  comparisons and in
// + -  * / %  prefix - and !  then access and calls. It stops at the first mistake; what a tree means is looked at
// afterwards (validate.ts).

import type { BinaryOperator, Node } from './ast.ts';
import type { ExpressionBounds } from './bounds.ts';
import type { Token } from './lexer.ts';
import { callOf, methodOf } from './parse-call.ts';
import { ProblemSignal } from './problem.ts';

const strengths: Readonly<Record<string, number>> = {
  '||': 1,
  '&&': 2,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  '==': 3,
  '!=': 3,
  in: 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
};

/** CEL keeps these for itself; taking them as names would close the door on it. */
const reserved = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);
const words: Readonly<Record<string, string>> = { and: '&&', or: '||', not: '!', eq: '==', ne: '!=' };

export class Parser {
  readonly #tokens: readonly Token[];
  readonly #bounds: ExpressionBounds;
  #at = 0;
  #depth = 0;
  #nodes = 0;

  constructor(tokens: readonly Token[], bounds: ExpressionBounds) {
    this.#tokens = tokens;
    this.#bounds = bounds;
  }

  /** The whole text as one expression. Throws ProblemSignal. */
  parseAll(): Node {
    const root = this.#parseChoice();
    if (this.#token.kind !== 'end') this.#refuse();
    return root;
  }

  get #token(): Token {
    return this.#tokens[this.#at]!;
  }

  #parseChoice(): Node {
    const condition = this.#parseBinary(1);
    if (!this.#take('?')) return condition;
    this.#enter();
    const whenTrue = this.#parseChoice();
    this.#expect(':', 'a choice goes condition ? this : that');
    const whenFalse = this.#parseChoice();
    this.#depth--;
    const { start } = condition;
    return this.#made({ kind: 'choice', condition, whenTrue, whenFalse, start, end: whenFalse.end });
  }

  #parseBinary(weakest: number): Node {
    let left = this.#parseUnary();
    for (;;) {
      const operator = this.#operator();
      const strength = operator === undefined ? 0 : strengths[operator]!;
      if (operator === undefined || strength < weakest) return left;
      this.#at++;
      const right = this.#parseBinary(strength + 1);
      const place = { left, right, start: left.start, end: right.end };
      left = this.#made(
        operator === '&&' || operator === '||'
          ? { kind: 'logic', operator, ...place }
          : { kind: 'binary', operator: operator as BinaryOperator, ...place },
      );
    }
  }

  #operator(): string | undefined {
    const token = this.#token;
    if (token.kind === 'name') return token.text === 'in' ? 'in' : undefined;
    return token.kind === 'symbol' && Object.hasOwn(strengths, token.text) ? token.text : undefined;
  }

  #parseUnary(): Node {
    const token = this.#token;
    if (token.kind !== 'symbol' || (token.text !== '-' && token.text !== '!')) return this.#parseAccess();
    this.#at++;
    this.#enter();
    const operand = this.#parseUnary();
    this.#depth--;
    return this.#made({ kind: 'unary', operator: token.text, operand, start: token.start, end: operand.end });
  }

  #parseAccess(): Node {
    let target = this.#parsePrimary();
    for (;;) {
      if (this.#take('.')) {
        target = this.#parseMember(target);
      } else if (this.#take('[')) {
        const optional = this.#take('?');
        const index = this.#inner();
        const end = this.#expect(']', 'an index goes list[0] or map["key"]');
        target = this.#made({ kind: 'index', target, index, optional, start: target.start, end });
      } else {
        return target;
      }
    }
  }

  #parseMember(target: Node): Node {
    const optional = this.#take('?');
    const token = this.#token;
    if (token.kind !== 'name') this.#refuse('after the dot goes the name of a field or function');
    this.#at++;
    const { start } = target;
    if (optional || !this.#take('(')) {
      return this.#made({ kind: 'field', target, name: token.text, optional, start, end: token.end });
    }
    const args = this.#parseList(')');
    const place = { start, end: this.#tokens[this.#at - 1]!.end };
    return this.#made(methodOf(target, token.text, token.start, args, place));
  }

  #parsePrimary(): Node {
    const token = this.#token;
    const { start, end } = token;
    switch (token.kind) {
      case 'number':
      case 'string':
        this.#at++;
        return this.#made({ kind: 'literal', value: token.value, start, end });
      case 'name':
        return this.#parseName(token.text, start, end);
      case 'symbol':
        return this.#parseBracket(token.text, start);
      case 'end':
        return this.#refuse();
    }
  }

  #parseName(text: string, start: number, end: number): Node {
    if (text === 'in') this.#refuse();
    if (reserved.has(text)) throw new ProblemSignal(`${text} is a reserved word and can't be a name`, start, end);
    this.#at++;
    if (text === 'true' || text === 'false') {
      return this.#made({ kind: 'literal', value: text === 'true', start, end });
    }
    if (text === 'null') return this.#made({ kind: 'literal', value: null, start, end });
    if (!this.#take('(')) return this.#made({ kind: 'name', name: text, start, end });
    const args = this.#parseList(')');
    return this.#made(callOf(text, args, { start, end: this.#tokens[this.#at - 1]!.end }));
  }

  #parseBracket(symbol: string, start: number): Node {
    if (symbol !== '(' && symbol !== '[' && symbol !== '{') this.#refuse();
    this.#at++;
    if (symbol === '(') {
      const inner = this.#inner();
      const end = this.#expect(')', 'a bracket stays open');
      return { ...inner, start, end };
    }
    if (symbol === '[') {
      const items = this.#parseList(']');
      return this.#made({ kind: 'list', items, start, end: this.#tokens[this.#at - 1]!.end });
    }
    return this.#parseMap(start);
  }

  #parseMap(start: number): Node {
    const keys: Node[] = [];
    const values: Node[] = [];
    while (!this.#isAt('}')) {
      keys.push(this.#inner());
      this.#expect(':', 'an entry of a map goes "key": value');
      values.push(this.#inner());
      if (!this.#take(',')) break;
    }
    const end = this.#expect('}', 'entries of a map are parted by commas, and } ends it');
    return this.#made({ kind: 'map', keys, values, start, end });
  }

  /** Behind the opening bracket; a comma may stand before the closing one. */
  #parseList(closing: ')' | ']'): Node[] {
    const items: Node[] = [];
    while (!this.#isAt(closing)) {
      items.push(this.#inner());
      if (!this.#take(',')) break;
    }
    this.#expect(closing, `${closing === ')' ? 'arguments' : 'items'} are parted by commas, and ${closing} ends them`);
    return items;
  }

  #inner(): Node {
    this.#enter();
    const node = this.#parseChoice();
    this.#depth--;
    return node;
  }

  #enter(): void {
    if (++this.#depth <= this.#bounds.nestingMax) return;
    const { start, end } = this.#token;
    throw new ProblemSignal(`nested deeper than ${this.#bounds.nestingMax}; split it into several nodes`, start, end);
  }

  #made(node: Node): Node {
    if (++this.#nodes <= this.#bounds.nodesMax) return node;
    const { start, end } = node;
    throw new ProblemSignal(`more than ${this.#bounds.nodesMax} parts; split it into several nodes`, start, end);
  }

  #isAt(symbol: string): boolean {
    return this.#token.kind === 'symbol' && this.#token.text === symbol;
  }

  #take(symbol: string): boolean {
    if (!this.#isAt(symbol)) return false;
    this.#at++;
    return true;
  }

  /** The end offset of the symbol. */
  #expect(symbol: string, advice: string): number {
    if (!this.#take(symbol)) this.#refuse(advice);
    return this.#tokens[this.#at - 1]!.end;
  }

  #refuse(advice?: string): never {
    const token = this.#token;
    const { start, end } = token;
    if (token.kind === 'end') {
      const what = this.#tokens.length === 1 ? 'there is no expression' : 'the expression ends too early';
      throw new ProblemSignal(advice === undefined ? what : `${what}: ${advice}`, start, end);
    }
    const operator = token.kind === 'name' && Object.hasOwn(words, token.text) ? words[token.text] : undefined;
    if (operator !== undefined)
      throw new ProblemSignal(`"${token.kind === 'name' ? token.text : ''}" is written ${operator}`, start, end);
    const seen =
      token.kind === 'name' || token.kind === 'symbol'
        ? token.text
        : `this ${token.kind === 'string' ? 'string' : 'number'}`;
    throw new ProblemSignal(`${seen} can't stand here${advice === undefined ? '' : `: ${advice}`}`, start, end);
  }
}
