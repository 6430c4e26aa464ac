// A second, tiny evaluator of expressions, for the few forms that random worlds use: numbers, 'texts', lists, names with
// fields, `a.?v.orValue(0)`, has(a), + - * and comparisons, && and !. It shares no code with dag/expression.

import type { Data, Template } from '../../../../dag/definition.ts';

/** What names stand for; a name that is not in it is absent. */
export type Names = ReadonlyMap<string, Data>;

/** An expression that can't be evaluated: the node's work fails with INTERNAL. */
export class EvaluationFailure extends Error {}

type Evaluate = (names: Names) => Data;

export function evaluateTemplate(template: Template, names: Names): Data {
  switch (template.kind) {
    case 'constant':
      return template.value;
    case 'expression':
      return evaluateText(template.text, names);
    case 'list':
      return template.items.map((item) => evaluateTemplate(item, names));
    case 'map':
      return Object.fromEntries(template.entries.map(([key, value]) => [key, evaluateTemplate(value, names)]));
  }
}

export function evaluateText(text: string, names: Names): Data {
  return new Parser(text).parse()(names);
}

/** Undefined: it can't be evaluated. Other errors are mistakes of a world, or of the evaluator, and pass. */
export function valueOrFailed(evaluate: () => Data): Data | undefined {
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof EvaluationFailure) return undefined;
    throw error;
  }
}

function fail(reason: string): never {
  throw new EvaluationFailure(reason);
}

function asNumber(value: Data): number {
  return typeof value === 'number' ? value : fail('no number');
}

function asBoolean(value: Data): boolean {
  return typeof value === 'boolean' ? value : fail('no boolean');
}

function add(left: Data, right: Data): Data {
  if (typeof left === 'string' && typeof right === 'string') return left + right;
  if (Array.isArray(left) && Array.isArray(right)) return [...left, ...right];
  return asNumber(left) + asNumber(right);
}

const comparisons: Record<string, (left: Data, right: Data) => boolean> = {
  '<': (left, right) => asNumber(left) < asNumber(right),
  '<=': (left, right) => asNumber(left) <= asNumber(right),
  '>': (left, right) => asNumber(left) > asNumber(right),
  '>=': (left, right) => asNumber(left) >= asNumber(right),
};

/** A field, or undefined where it lacks. */
function fieldOf(value: Data, field: string): Data | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return fail(`no map: .${field}`);
  const map = value as Readonly<Record<string, Data>>;
  return Object.hasOwn(map, field) ? map[field] : undefined;
}

class Parser {
  readonly #tokens: readonly string[];
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = text.match(/\d+(?:\.\d+)?|'[^']*'|\w+|\.\?|&&|[<>]=?|\S/g) ?? [];
  }

  parse(): Evaluate {
    const whole = this.#and();
    if (this.#at < this.#tokens.length) throw new Error(`not of the small language of worlds: ${this.#text}`);
    return whole;
  }

  #and(): Evaluate {
    let left = this.#comparison();
    while (this.#take('&&')) {
      const [first, second] = [left, this.#comparison()];
      left = (names) => asBoolean(first(names)) && asBoolean(second(names));
    }
    return left;
  }

  #comparison(): Evaluate {
    const left = this.#sum();
    const compare = comparisons[this.#tokens[this.#at] ?? ''];
    if (compare === undefined) return left;
    this.#at++;
    const right = this.#sum();
    return (names) => compare(left(names), right(names));
  }

  #sum(): Evaluate {
    let left = this.#product();
    for (;;) {
      const first = left;
      if (this.#take('+')) {
        const second = this.#product();
        left = (names) => add(first(names), second(names));
      } else if (this.#take('-')) {
        const second = this.#product();
        left = (names) => asNumber(first(names)) - asNumber(second(names));
      } else return left;
    }
  }

  #product(): Evaluate {
    let left = this.#single();
    while (this.#take('*')) {
      const [first, second] = [left, this.#single()];
      left = (names) => asNumber(first(names)) * asNumber(second(names));
    }
    return left;
  }

  #single(): Evaluate {
    const token = this.#next();
    if (token === '!') {
      const inner = this.#single();
      return (names) => !asBoolean(inner(names));
    }
    if (token === '(') {
      const inner = this.#and();
      this.#expect(')');
      return inner;
    }
    if (token === '[') return this.#list();
    if (token === 'true' || token === 'false') return () => token === 'true';
    if (token.startsWith("'")) return () => token.slice(1, -1);
    if (/^\d/.test(token)) return () => Number(token);
    if (token === 'has') {
      this.#expect('(');
      const name = this.#next();
      this.#expect(')');
      return (names) => (names.get(name) ?? null) !== null;
    }
    return this.#fields(token);
  }

  #list(): Evaluate {
    const items: Evaluate[] = [];
    while (!this.#take(']')) {
      items.push(this.#and());
      this.#take(',');
    }
    return (names) => items.map((item) => item(names));
  }

  /** `a.b.c`, `a.?b.c.orValue(x)`. */
  #fields(name: string): Evaluate {
    const plain: string[] = [];
    const optional: string[] = [];
    while (this.#take('.')) plain.push(this.#next());
    if (this.#take('.?')) {
      optional.push(this.#next());
      while (this.#take('.') && this.#tokens[this.#at] !== 'orValue') optional.push(this.#next());
      this.#expect('orValue');
      this.#expect('(');
    }
    if (optional.length === 0) {
      return (names) => {
        let value = names.get(name) ?? (names.has(name) ? null : fail(`${name} is absent`));
        for (const field of plain) value = fieldOf(value, field) ?? missing(value, field);
        return value;
      };
    }
    const otherwise = this.#and();
    this.#expect(')');
    return (names) => {
      let value: Data | undefined = names.get(name);
      if (plain.length > 0) value ??= fail(`${name} is absent`);
      for (const field of plain) value = fieldOf(value as Data, field) ?? missing(value as Data, field);
      for (const field of optional) {
        if (value === undefined || value === null) break;
        value = fieldOf(value, field);
      }
      return value ?? otherwise(names);
    };
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #next(): string {
    return this.#tokens[this.#at++] ?? '';
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw new Error(`not of the small language of worlds: ${this.#text}`);
  }
}

/** A field that lacks is a failure; one that is null is null. */
function missing(value: Data, field: string): null {
  return fieldOf(value, field) === null ? null : fail(`no field ${field}`);
}
