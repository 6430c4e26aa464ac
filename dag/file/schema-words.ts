// The words of a strategy file that several of its parts use: names, expressions and what may stand where one does.

import { text, tree } from '../../document/declare.ts';
import { quote } from '../../document/quote.ts';

/** What a node may be called: it is a variable of expressions. */
export const nodeNamePattern = '^[A-Za-z_][A-Za-z0-9_]{0,63}$';
export const nodeNameRule = 'letters, digits and _, beginning with a letter or _, at most 64';

/** Names of strategies: dots divide them, as in `feed.recommend`. */
const strategyNameCharsMax = 128;
export const strategyNamePattern = `^(?=.{1,${strategyNameCharsMax}}$)[A-Za-z_][A-Za-z0-9_-]*(\\.[A-Za-z_][A-Za-z0-9_-]*)*$`;

/** Variables that are no nodes. */
export const builtInNames = ['request', 'params'] as const;

/** A piece of text taken as it is; what it means is settled where names are known. */
export function word(what: string, example: string, pattern = '\\S') {
  return text(what, example, pattern, (written) => {
    if (new RegExp(pattern).test(written)) return { value: written };
    return { message: `must be ${what}, not ${quote(written)}` };
  });
}

export const expression = word('an expression such as request.user', 'request.user');

/** Values of one template, aliases written out. */
export const templateValuesMax = 1000;

/**
 * A template: a text is an expression, a number, true, false and null are themselves, lists and maps hold templates. A
 * constant text is quoted within the expression: `"'light'"`.
 */
export const template = tree('an expression, a constant, or a map or list of them', templateValuesMax);

export const nodeName = word('the name of a node', 'rank', nodeNamePattern);

/** `20%`, `0.5%` as a share 0..1. */
export const percent = text(
  'a percentage such as 20%',
  '20%',
  '^(100(\\.0+)?|\\d{1,2}(\\.\\d{1,4})?)%$',
  (written) => {
    const match = /^(\d{1,3}(?:\.\d{1,4})?)%$/.exec(written);
    const value = match === null ? Number.NaN : Number(match[1]);
    return value >= 0 && value <= 100
      ? { value: value / 100 }
      : { message: `must be a percentage from 0% to 100%, not ${quote(written)}` };
  },
  // 50 and 0.5.
  (value) => (value > 0 && value <= 100 ? `${rounded(value < 1 ? value * 100 : value, 4)}%` : undefined),
);

/** With so many digits behind the point at most. */
export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** `2.5ms`, `300us`, `1s` in ms: what was measured is no whole number. */
export const time = text('a time such as 2.5ms', '2.5ms', '^\\d{1,7}(\\.\\d{1,3})?(us|ms|s)$', (written) => {
  const match = /^(\d{1,7}(?:\.\d{1,3})?)(us|ms|s)$/.exec(written);
  if (match === null) return { message: `must be a time such as 2.5ms, 300us or 1s, not ${quote(written)}` };
  return { value: Number(match[1]) * { us: 0.001, ms: 1, s: 1000 }[match[2] as 'us' | 'ms' | 's'] };
});
