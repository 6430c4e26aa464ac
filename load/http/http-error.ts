// httpError: the failure in an HTTP answer: Heddle's own error body, or what its status stands for, since a proxy answers
// for itself. Pure; for `heddle call` and load.

import { codeOfStatus } from '../../net/protocol/http/status.ts';
import { type ErrorCode, errorCodes, HeddleError, type RetryHint, retryHints } from '../../runtime/errors.ts';

/** Undefined: the status is one of success. */
export function httpError(status: number, body: Buffer): HeddleError | undefined {
  const fallback = codeOfStatus(status);
  if (fallback === undefined) return undefined;
  const { code, message, retry, retryAfterMs } = errorFields(body);
  if (typeof message !== 'string' || !errorCodes.includes(code as ErrorCode)) {
    return new HeddleError(
      fallback,
      `HTTP status ${status}, and no answer of Heddle: ${body.toString().slice(0, 200)}`,
    );
  }
  return new HeddleError(code as ErrorCode, message, {
    retry: retryHints.includes(retry as RetryHint) ? (retry as RetryHint) : 'no',
    retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : 0,
  });
}

function errorFields(body: Buffer): Record<string, unknown> {
  try {
    const { error } = JSON.parse(body.toString()) as { error: Record<string, unknown> };
    return error ?? {};
  } catch {
    return {};
  }
}
