// Refusals: error replies that are made on the spot, without a fiber. Each message is encoded once, since refusing must
// stay cheap when there is most to refuse.

import { type CallReply, emptyCallReply, type ReplySink } from '../call.ts';
import { codeNumber, defaultRetry, type ErrorCode, type RetryHint, retryHints } from '../errors.ts';

export type Refusal = Readonly<CallReply>;

export function refusal(code: ErrorCode, message: string, retry: RetryHint = defaultRetry(code)): Refusal {
  const source = Buffer.from(message, 'utf8');
  return {
    ...emptyCallReply(),
    code: codeNumber(code),
    retry: retryHints.indexOf(retry),
    source,
    bodyEnd: source.length,
  };
}

/** Answers `sink` with a refusal; the sink must not keep or change it. */
export function refuse(sink: ReplySink, tag: number, answer: Refusal): -1 {
  sink.onReply(tag, answer as CallReply);
  return -1;
}
