// maskCode: a JavaScript text of the same length in which nothing but code is left: what comments, strings, templates and
// regular expressions say is blanked, their quotes stay. So keywords can be looked for without a parser. Called by
// module-factory.ts, once for each source file of a process.

/** Before a `/` that begins a regular expression; behind anything else it divides. */
const beforeRegExp =
  /(?:^|[=(,:[!&|?{};+\-*%~^<>]|(?<![\w$.])(?:return|typeof|case|in|of|do|else|void|delete|throw|await|yield))$/;
const plainCode = /[^/'"`{}]+/y;
const plainString = { "'": /[^'\\]+/y, '"': /[^"\\]+/y };
const plainTemplate = /[^`\\$]+/y;

export function maskCode(text: string): string {
  return new Mask(text).run();
}

class Mask {
  readonly #text: string;
  readonly #parts: string[] = [];
  #at = 0;
  /** Where the last character of code stands, blanks aside. */
  #codeAt = -1;

  constructor(text: string) {
    this.#text = text;
  }

  run(): string {
    this.#code(false);
    return this.#parts.join('');
  }

  /** Code up to the end, or to the brace that closes a template's expression. */
  #code(inTemplate: boolean): void {
    let depth = 0;
    while (this.#at < this.#text.length) {
      if (this.#skip(plainCode, true)) continue;
      const char = this.#text[this.#at]!;
      if (char === '"' || char === "'") this.#string(char);
      else if (char === '`') this.#template();
      else if (char === '/') this.#slash();
      else {
        if (char === '{') depth++;
        else if (depth-- === 0 && inTemplate) return;
        this.#take(1, true);
      }
    }
  }

  #slash(): void {
    const next = this.#text[this.#at + 1];
    if (next === '/') this.#take(this.#distanceTo('\n', 0), false);
    else if (next === '*') this.#take(this.#distanceTo('*/', 2), false);
    else if (beforeRegExp.test(this.#text.slice(Math.max(0, this.#codeAt - 10), this.#codeAt + 1))) this.#regExp();
    else this.#take(1, true);
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
        this.#take(2, false);
        this.#codeAt = -1;
        this.#code(true);
        this.#take(1, false);
      } else this.#take(this.#text[this.#at] === '\\' ? 2 : 1, false);
    }
    this.#take(1, true);
  }

  #regExp(): void {
    let isClass = false;
    this.#take(1, false);
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || (char === '/' && !isClass)) break;
      if (char === '[') isClass = true;
      else if (char === ']') isClass = false;
      this.#take(char === '\\' ? 2 : 1, false);
    }
    this.#take(1, false);
    // It ends an expression, as a name does.
    this.#codeAt = this.#at - 1;
  }

  #skip(pattern: RegExp, keep: boolean): boolean {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#take(found[0].length, keep);
    return found !== null;
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
