// Refusals: error replies that are made on the spot, without a fiber. Each message is encoded once, since refusing must
// stay cheap when there is most to refuse.

import { type CallReply, emptyCallReply, type ReplySink } from '../call.ts';
import { codeNumber, defaultRetry, type ErrorCode, type RetryHint, retryHints } from '../errors.ts';

/** Why requests are answered without being put; what each means stands in docs/overload.md. */
export const refusalReasons = [
  'other',
  'late',
  'down',
  'queue',
  'memory',
  'requests',
  'maxConcurrency',
  'adaptive',
  'rate',
  'share',
  'connection',
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

export interface Refusal extends Readonly<CallReply> {
  /** Index into `refusalReasons`, under which it is counted; undefined: `other`. */
  readonly reason?: number;
}

export function refusal(
  code: ErrorCode,
  message: string,
  retry: RetryHint = defaultRetry(code),
  reason: RefusalReason = 'other',
): Refusal {
  const source = Buffer.from(message, 'utf8');
  return {
    ...emptyCallReply(),
    code: codeNumber(code),
    retry: retryHints.indexOf(retry),
    source,
    bodyEnd: source.length,
    reason: refusalReasons.indexOf(reason),
  };
}

/** Answers `sink` with a refusal; the sink must not keep or change it. */
export function refuse(sink: ReplySink, tag: number, answer: Refusal): -1 {
  sink.onReply(tag, answer as CallReply);
  return -1;
}
