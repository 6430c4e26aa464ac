// String literals: where one ends, and what its escapes mean (CEL's: \n \t … \x41 \u0041 \U0001F600 \101).

import { ProblemSignal } from './problem.ts';

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '?': '?',
  '"': '"',
  "'": "'",
  '`': '`',
};

/** A literal's value and the offset behind its closing quotes. `quoteAt` is that of the opening quote. */
export function readString(text: string, quoteAt: number, raw: boolean): { value: string; end: number } {
  const quote = text[quoteAt]!;
  const isTriple = text.startsWith(quote.repeat(3), quoteAt);
  const closing = isTriple ? quote.repeat(3) : quote;
  let value = '';
  let at = quoteAt + closing.length;
  while (at < text.length) {
    if (text.startsWith(closing, at)) return { value, end: at + closing.length };
    const char = text[at]!;
    if (!isTriple && (char === '\n' || char === '\r')) break;
    if (char === '\\' && !raw) {
      const read = readEscape(text, at);
      value += read.value;
      at = read.end;
      continue;
    }
    value += char;
    at++;
  }
  throw new ProblemSignal(`this string is not closed: ${closing} is missing`, quoteAt, Math.max(at, quoteAt + 1));
}

function readEscape(text: string, start: number): { value: string; end: number } {
  const letter = text[start + 1] ?? '';
  const simple = Object.hasOwn(simpleEscapes, letter) ? simpleEscapes[letter] : undefined;
  if (simple !== undefined) return { value: simple, end: start + 2 };
  const digits = { x: 2, X: 2, u: 4, U: 8 }[letter];
  if (digits !== undefined) return readCode(text, start, start + 2, digits, 16);
  if (/[0-3]/.test(letter)) return readCode(text, start, start + 1, 3, 8);
  throw new ProblemSignal(
    `\\${letter} is no escape; for a backslash write \\\\, or r"…" for a string without escapes`,
    start,
    Math.min(start + 2, text.length),
  );
}

function readCode(text: string, start: number, from: number, digits: number, radix: number) {
  const end = from + digits;
  const code = text.slice(from, end);
  const isComplete = code.length === digits && (radix === 16 ? /^[0-9a-fA-F]+$/ : /^[0-7]+$/).test(code);
  if (!isComplete) {
    const what = radix === 16 ? 'hexadecimal' : 'octal';
    throw new ProblemSignal(`an escape like this has ${digits} ${what} digits`, start, Math.min(end, text.length));
  }
  const point = Number.parseInt(code, radix);
  if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
    throw new ProblemSignal(`there is no character with the number ${code}`, start, end);
  }
  return { value: String.fromCodePoint(point), end };
}
