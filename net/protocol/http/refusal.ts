// Refusal: an error that protocol http itself answers, before a request reaches the dispatcher. Most follow the table of
// status.ts; those that only HTTP knows (405, 408, 413 …) carry their status. Also the one form of an error's body.

import type { ErrorCode, RetryHint } from '../../../runtime/errors.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import type { CompressorNames } from '../../../runtime/plugins/compressor.ts';
import { contentTypes } from './content-type.ts';
import { chunkExtensionsBytesMax, headBytesMax, headersMax } from './limits.ts';
import { statusOfCode } from './status.ts';

export interface Refusal {
  status: number;
  code: ErrorCode;
  message: string;
  retry: RetryHint;
  retryAfterMs: number;
  /** For 405: what may be used instead. */
  allow?: string;
  /** For 415: the codings that may. */
  acceptEncoding?: string;
}

/** The JSON of an error, as every answer but 2xx carries it. */
export function errorBody(code: ErrorCode, message: string, retry: RetryHint, retryAfterMs: number): string {
  return JSON.stringify({ error: { code, message, retry, retryAfterMs } });
}

/** A HeddleError as a refusal, by the table. */
export function refusalOfError(reason: unknown): Refusal {
  const error = HeddleError.from(reason, 'the request could not be read');
  return { ...refuse(statusOfCode(error.code), error.code, error.message), retry: error.retry };
}

export function notFound(service: string, method: string): Refusal {
  return refuse(404, 'NOT_FOUND', `this address has no method ${JSON.stringify(`${service}/${method}`.slice(0, 200))}`);
}

export function notAPath(path: string): Refusal {
  return refuse(
    404,
    'NOT_FOUND',
    `${JSON.stringify(path.slice(0, 200))} is not a method: call POST /Service/method with a JSON body, ` +
      'or GET /Service/method?name=value for methods that only read; /healthz tells whether the process serves',
  );
}

export function wrongVerb(verb: string, allow: string): Refusal {
  return { ...refuse(405, 'UNIMPLEMENTED', `${verb} is not possible here; use ${allow}`), allow };
}

export function bodyTooLarge(frameBytes: number): Refusal {
  return refuse(413, 'RESOURCE_EXHAUSTED', `the body is over this address's bound of ${frameBytes} bytes (frame)`);
}

export function wrongContentType(header: string): Refusal {
  return refuse(
    415,
    'INVALID_ARGUMENT',
    `content-type ${JSON.stringify(header.slice(0, 100))} is not one of ${contentTypes()} (in UTF-8); with curl: ` +
      "-H 'content-type: application/json'",
  );
}

export function wrongTransfer(coding: string): Refusal {
  const message = `the body is transferred as ${JSON.stringify(coding.slice(0, 100))}; send it chunked or with its length`;
  return refuse(415, 'INVALID_ARGUMENT', message);
}

export function wrongCoding(coding: string, compressors: readonly CompressorNames[]): Refusal {
  const acceptEncoding = compressors.map(({ encoding }) => encoding).join(', ') || 'identity';
  const message = `the body is coded as ${JSON.stringify(coding.slice(0, 100))}; send it in one of ${acceptEncoding}, or as it is`;
  return { ...refuse(415, 'INVALID_ARGUMENT', message), acceptEncoding };
}

export function codedOnIoThreads(coding: string): Refusal {
  const message = `the body is coded as ${JSON.stringify(coding.slice(0, 100))}, but this service runs on IO threads (pool io), where nothing is decompressed: send it as it is, or give the service a pool of CPU threads`;
  return { ...refuse(415, 'UNIMPLEMENTED', message), acceptEncoding: 'identity' };
}

export function bodyOnRead(verb: string): Refusal {
  return refuse(400, 'INVALID_ARGUMENT', `${verb} takes its request from the query and must have no body; use POST`);
}

export const noHost: Refusal = refuse(400, 'INVALID_ARGUMENT', 'an HTTP/1.1 request must have a host header');

export const twoHosts: Refusal = refuse(400, 'INVALID_ARGUMENT', 'a request must have one host header, not several');

export function wrongVersion(version: string): Refusal {
  return refuse(505, 'UNIMPLEMENTED', `HTTP/${version} is not spoken here; use HTTP/1.1`);
}

export const unknownExpectation: Refusal = refuse(
  417,
  'INVALID_ARGUMENT',
  'the only expectation that can be met is 100-continue',
);

export const tooManyCalls: Refusal = {
  ...refuse(429, 'RESOURCE_EXHAUSTED', 'this IO thread has no room for another request in flight; try again later'),
  retry: 'yes',
};

export const tooSlow: Refusal = refuse(
  408,
  'DEADLINE_EXCEEDED',
  'the request did not come in whole within the read timeout of this address',
);

/** Bytes that are no HTTP/1.1. `why`: a sentence about them, that names none of theirs. */
export function malformed(why: string): Refusal {
  return refuse(400, 'INVALID_ARGUMENT', `the request is not well-formed HTTP/1.1: ${why}`);
}

export const headTooLarge: Refusal = refuse(
  431,
  'INVALID_ARGUMENT',
  `request line and headers may have ${headBytesMax} bytes, and ${headersMax} headers; this request has more`,
);

export const chunkExtensionsTooLarge: Refusal = refuse(
  413,
  'RESOURCE_EXHAUSTED',
  `chunk extensions and trailers are over ${chunkExtensionsBytesMax} bytes`,
);

function refuse(status: number, code: ErrorCode, message: string): Refusal {
  return { status, code, message, retry: 'no', retryAfterMs: 0 };
}
