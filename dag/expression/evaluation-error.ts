// Failures of an evaluation: HeddleErrors that say what happened, where in the expression, and with which values. Their
// `cause` is the place, for whoever draws a caret.

import { type ErrorCode, HeddleError } from '../../runtime/errors.ts';
import { nearest } from '../../runtime/nearest.ts';

/** A part of an expression's text: offsets in UTF-16 units, end excluded. */
export interface Site {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** The `cause` of a failure: where, and the message without it. */
export interface EvaluationPlace extends Site {
  readonly reason: string;
}

/** Units of the expression that a message shows. */
const excerptChars = 80;
/** Fields that a message lists. */
const fieldsShown = 8;

/** Never retried: the same values fail the same way. */
export function failAt(site: Site, code: ErrorCode, message: string): never {
  const where = `at character ${site.start + 1} of ${excerpt(site)}`;
  throw new HeddleError(code, `${message} (${where})`, { retry: 'no', cause: placeOf(site, message) });
}

function placeOf({ text, start, end }: Site, reason: string): EvaluationPlace {
  return { text, start, end, reason };
}

/** A field that is not there; `path`: how the map is written. */
export function failField(site: Site, path: string, map: object, name: string): never {
  const fields = Object.keys(map);
  const near = nearest(name, fields);
  const shown = fields.slice(0, fieldsShown).join(', ') + (fields.length > fieldsShown ? ', …' : '');
  const there = fields.length === 0 ? 'there are no fields' : `there are ${shown}`;
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  failAt(site, 'INVALID_ARGUMENT', `${path}: no field ${JSON.stringify(name)}, ${there}${hint}`);
}

/** The text of a part, cut short. */
export function textOf({ text, start, end }: Site): string {
  return end - start > excerptChars ? `${text.slice(start, start + excerptChars)}…` : text.slice(start, end);
}

/** The text around the start of a part, on one line. */
function excerpt({ text, start }: Site): string {
  const from = Math.max(0, start - excerptChars / 2);
  const to = from + excerptChars;
  const cut = text.slice(from, to).replaceAll('\n', ' ');
  return `"${from > 0 ? '…' : ''}${cut}${to < text.length ? '…' : ''}"`;
}
