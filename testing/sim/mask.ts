// maskCode: a JavaScript text of the same length in which nothing but code is left: what comments, strings, templates and
// regular expressions say is blanked, their quotes stay, and all brackets are in pairs. So keywords can be looked for without a
// parser, which the package would have to bring to all who install it. Called by module-factory.ts, once for each source file
// of a process. A law of its tests compares what comes of it with what a parser sees.

/** Before a `/` that begins a regular expression, and a `{` that begins an object; behind any other word it divides. */
const beforeValue =
  /(?<![\w$.#])(?:return|typeof|case|in|of|do|else|void|delete|throw|await|yield|new|instanceof|extends|default)$/;
/** Before the `(` of a head, behind which a statement begins. */
const beforeHead = /(?<![\w$.#])(?:if|while|for|with|for\s+await)$/;
const operator = /[=(,:[!&|?{};+\-*%~^<>]/;
const plainCode = /[^/'"`{}()]+/y;
const plainString = { "'": /[^'\\]+/y, '"': /[^"\\]+/y };
const plainTemplate = /[^`\\$]+/y;
/** The longest word before a value, with what stands before it. */
const wordMax = 14;

export function maskCode(text: string): string {
  return new Mask(text).run();
}

class Mask {
  readonly #text: string;
  readonly #parts: string[] = [];
  #at = 0;
  /** Where the last character of code stands, blanks aside. */
  #codeAt = -1;
  /** Open parentheses: whether each is the head of an `if` or a loop. */
  readonly #heads: boolean[] = [];
  /** Open braces: whether each is an object's. */
  readonly #objects: boolean[] = [];
  /** Behind the bracket that was closed last, a statement may begin. */
  #closedStatement = true;

  constructor(text: string) {
    this.#text = text;
  }

  run(): string {
    this.#code(false);
    return this.#parts.join('');
  }

  /** Code up to the end, or to the brace that closes a template's expression. */
  #code(inTemplate: boolean): void {
    const depth = this.#objects.length;
    while (this.#at < this.#text.length) {
      if (this.#skip(plainCode, true)) continue;
      const char = this.#text[this.#at]!;
      if (char === '"' || char === "'") this.#string(char);
      else if (char === '`') this.#template();
      else if (char === '/') this.#slash();
      else {
        if (char === '}' && inTemplate && this.#objects.length === depth) return;
        this.#bracket(char);
      }
    }
  }

  #bracket(char: string): void {
    if (char === '(') this.#heads.push(beforeHead.test(this.#before()));
    else if (char === '{') this.#objects.push(this.#isObject());
    this.#take(1, true);
    if (char === ')') this.#closedStatement = this.#heads.pop() ?? false;
    else if (char === '}') this.#closedStatement = this.#objects.pop() !== true;
  }

  /** The code before here, as far as a word goes. */
  #before(): string {
    return this.#text.slice(Math.max(0, this.#codeAt - wordMax), this.#codeAt + 1);
  }

  #isObject(): boolean {
    const before = this.#before();
    const last = before.at(-1) ?? ';';
    if (last === ')' || last === '}' || last === ';' || last === '{' || before.endsWith('=>')) return false;
    return operator.test(last) || (beforeValue.test(before) && !/(?:do|else)$/.test(before));
  }

  #slash(): void {
    const next = this.#text[this.#at + 1];
    if (next === '/') this.#take(this.#distanceTo('\n', 0), false);
    else if (next === '*') this.#take(this.#distanceTo('*/', 2), false);
    else if (this.#isRegExp()) this.#regExp();
    else this.#take(1, true);
  }

  #isRegExp(): boolean {
    const before = this.#before();
    const last = before.at(-1) ?? ';';
    if (last === ')' || last === '}') return this.#closedStatement;
    // `n++ / 2`: what counts up stands before it.
    if (before.endsWith('++') || before.endsWith('--')) return false;
    // A word of the language in the head of a loop alone.
    if (/(?<![\w$.#])of$/.test(before)) return this.#heads.at(-1) === true;
    return operator.test(last) || beforeValue.test(before);
  }

  #string(quote: '"' | "'"): void {
    this.#take(1, true);
    while (this.#at < this.#text.length && this.#text[this.#at] !== quote) {
      if (!this.#skip(plainString[quote], false)) this.#take(2, false);
    }
    this.#take(1, true);
  }

  #template(): void {
    this.#take(1, true);
    while (this.#at < this.#text.length && this.#text[this.#at] !== '`') {
      if (this.#skip(plainTemplate, false)) continue;
      if (this.#text.startsWith('${', this.#at)) {
        this.#put(' {');
        this.#code(true);
        this.#put('}');
      } else this.#take(this.#text[this.#at] === '\\' ? 2 : 1, false);
    }
    this.#take(1, true);
  }

  #regExp(): void {
    let isClass = false;
    this.#take(1, false);
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || char === '\n' || (char === '/' && !isClass)) break;
      if (char === '[') isClass = true;
      else if (char === ']') isClass = false;
      this.#take(char === '\\' ? 2 : 1, false);
    }
    // A value, as a number is.
    this.#put('0');
  }

  #skip(pattern: RegExp, keep: boolean): boolean {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#take(found[0].length, keep);
    return found !== null;
  }

  /** Something else in the place of as many characters. */
  #put(instead: string): void {
    this.#parts.push(instead.slice(0, this.#text.length - this.#at));
    this.#at += instead.length;
    this.#codeAt = this.#at - 1;
  }

  #take(length: number, keep: boolean): void {
    const taken = this.#text.slice(this.#at, this.#at + length);
    this.#at += taken.length;
    this.#parts.push(keep ? taken : taken.replace(/[^\n]/g, ' '));
    if (!keep) return;
    const bare = taken.trimEnd();
    if (bare !== '') this.#codeAt = this.#at - taken.length + bare.length - 1;
  }

  /** How far it is to the end of the next `what`, or of the text. */
  #distanceTo(what: string, endAfter: number): number {
    const found = this.#text.indexOf(what, this.#at + endAfter);
    return found < 0 ? this.#text.length - this.#at : found + endAfter - this.#at;
  }
}
