// status: error code <-> HTTP status, the one table of protocol http, for the server and for clients. The numbers are
// those of gRPC's HTTP gateways, so that proxies and people read them as usual. Pure; any thread.

import type { ErrorCode } from '../../../runtime/errors.ts';

const statusByCode: Readonly<Record<ErrorCode, number>> = {
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
};

// Where codes share a status, the one that promises least. Below the line: statuses that only HTTP itself gives.
const codeByStatus: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [400, 'INVALID_ARGUMENT'],
  [401, 'UNAUTHENTICATED'],
  [403, 'PERMISSION_DENIED'],
  [404, 'NOT_FOUND'],
  [409, 'ABORTED'],
  [429, 'RESOURCE_EXHAUSTED'],
  [499, 'CANCELLED'],
  [500, 'INTERNAL'],
  [501, 'UNIMPLEMENTED'],
  [503, 'UNAVAILABLE'],
  [504, 'DEADLINE_EXCEEDED'],
  // ---
  [405, 'UNIMPLEMENTED'],
  [408, 'DEADLINE_EXCEEDED'],
  [412, 'FAILED_PRECONDITION'],
  [413, 'RESOURCE_EXHAUSTED'],
  [415, 'INVALID_ARGUMENT'],
  [417, 'INVALID_ARGUMENT'],
  [431, 'INVALID_ARGUMENT'],
  [502, 'UNAVAILABLE'],
  [505, 'UNIMPLEMENTED'],
]);

/** The status of an error code: 400 … 504. */
export function statusOfCode(code: ErrorCode): number {
  return statusByCode[code];
}

/**
 * The code that a status stands for, for answers without Heddle's own body (a proxy's); undefined for 1xx and 2xx.
 * Statuses outside the table read as UNKNOWN.
 */
export function codeOfStatus(status: number): ErrorCode | undefined {
  if (status < 300) return undefined;
  return codeByStatus.get(status) ?? 'UNKNOWN';
}

/** The words behind a status in the first line of an answer (RFC 9110, section 15); all that are given here. */
const reasons: Readonly<Record<number, string>> = {
  100: 'Continue',
  200: 'OK',
  202: 'Accepted',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  417: 'Expectation Failed',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  499: 'Client Closed Request',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
};

/** `HTTP/1.1 200 OK`, with the end of its line. */
export function statusLine(status: number): string {
  return `HTTP/1.1 ${status} ${reasons[status] ?? 'Error'}\r\n`;
}
