// What an admin's answers have in common, for all commands that ask one: JSON, or an error with what main did meanwhile.

import type { AdminErrorAnswer } from '../admin/shapes.ts';
import { type CpuProfile, hottestLines } from '../runtime/cpu-profile.ts';
import { HeddleError } from '../runtime/errors.ts';
import type { AdminResponse } from './admin-request.ts';
import { hotLinesText } from './admin-tables.ts';

/** Source lines of a profile that are printed. */
export const hotLinesShown = 15;

/** What a JSON answer says. Throws UNAVAILABLE when it is none. */
export function answerOf(text: string): unknown {
  const answer = parsed(text);
  if (answer !== undefined) return answer;
  throw new HeddleError('UNAVAILABLE', 'the answer is no JSON: is this the admin of a Heddle process?');
}

/** For standard error. `address`: who answered. */
export function failureText(response: AdminResponse, address: string): string {
  return `heddle: ${failureSentence(response, address)}\n`;
}

/** Why the answer is no. */
export function failureSentence({ status, isJson, text }: AdminResponse, address: string): string {
  const answer = isJson ? (parsed(text) as Partial<AdminErrorAnswer> | null | undefined) : undefined;
  // A service's port answers errors too, of another shape.
  if (typeof answer?.error !== 'string') {
    return `HTTP status ${status} from ${address}, which is no admin of Heddle`;
  }
  const profile = answer.main?.profile as CpuProfile | undefined;
  if (profile === undefined) return answer.error;
  const hot = hotLinesText('main', hottestLines(profile, hotLinesShown)).trimEnd();
  return `${answer.error}\n\nmain, meanwhile:\n${hot}`;
}

/** Undefined: it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
