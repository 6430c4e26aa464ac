// request-head: the `heddle-*` and `traceparent` headers of a request -> CallHead. Called on IO threads once per
// request, before its body is read. Throws INVALID_ARGUMENT with a sentence that shows the header.

import { type CallHead, callFlags, priorities } from '../../../runtime/call.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import type { HeaderFields, ParsedRequest } from './parse-request.ts';
import { hex, readTraceparent } from './traceparent.ts';

/** What a reader of headers needs besides them. */
export interface RequestMoment {
  nowMs: number;
  /** Longest run that the binding allows, ms; 0: none. */
  timeoutMs: number;
  /** The request line says GET or HEAD, so running it twice is harmless. */
  reads: boolean;
}

/** Writes every field of `head` but the codec and those that say where metadata and body lie. */
export function readRequestHead(head: CallHead, request: ParsedRequest, moment: RequestMoment): void {
  const { headers } = request;
  head.flags = moment.reads ? callFlags.idempotent : 0;
  head.compression = 0;
  head.attempt = 1;
  head.depth = 0;
  if (request.isPlain) {
    clear(head);
    head.deadlineMs = moment.timeoutMs === 0 ? Number.POSITIVE_INFINITY : moment.nowMs + moment.timeoutMs;
    return;
  }
  if (readSwitch(headers, 'heddle-idempotent')) head.flags |= callFlags.idempotent;
  if (readSwitch(headers, 'heddle-one-way')) head.flags |= callFlags.oneWay;
  head.priority = readPriority(headers);
  head.deadlineMs = readDeadline(headers, moment);
  readHalves(head, headers['heddle-call-id'], 'heddle-call-id');
  readHalves(head, headers['heddle-schema-fingerprint'], 'heddle-schema-fingerprint');
  readTraceparent(head, headers.traceparent);
}

/** What headers say, where there are none. */
function clear(head: CallHead): void {
  head.priority = priorities.normal;
  head.callIdHigh = 0;
  head.callIdLow = 0;
  head.fingerprintHigh = 0;
  head.fingerprintLow = 0;
  head.trace.fill(0);
  head.traceFlags = 0;
}

function readDeadline(headers: HeaderFields, moment: RequestMoment): number {
  const header = headers['heddle-timeout'];
  let budgetMs = moment.timeoutMs === 0 ? Number.POSITIVE_INFINITY : moment.timeoutMs;
  if (header !== undefined) budgetMs = Math.min(budgetMs, parseTimeoutMs(header));
  return moment.nowMs + budgetMs;
}

/** `250ms` -> 250. Units us, ms, s, m; 1 to 9 digits; not 0. Throws INVALID_ARGUMENT. */
export function parseTimeoutMs(text: string): number {
  const match = /^([0-9]{1,9})(us|ms|s|m)$/.exec(text);
  const value = match === null ? 0 : Number(match[1]);
  if (match === null || value === 0) {
    throw bad('heddle-timeout', text, 'must be 1 to 9 digits, not 0, and a unit: us, ms, s or m, as in 250ms');
  }
  return value * msPerUnit[match[2] as keyof typeof msPerUnit];
}

const msPerUnit = { us: 0.001, ms: 1, s: 1000, m: 60_000 } as const;

function readPriority(headers: HeaderFields): number {
  const header = headers['heddle-priority'];
  if (header === undefined) return priorities.normal;
  if (header === 'high' || header === 'normal' || header === 'low') return priorities[header];
  throw bad('heddle-priority', header, 'must be high, normal or low');
}

function readSwitch(headers: HeaderFields, name: 'heddle-idempotent' | 'heddle-one-way'): boolean {
  const header = headers[name];
  if (header === undefined || header === '0' || header === 'false') return false;
  if (header === '1' || header === 'true') return true;
  throw bad(name, header, 'must be 1, true, 0 or false');
}

/** 16 hex digits into the two halves of a call id or of a fingerprint; absent: 0,0. */
function readHalves(
  head: CallHead,
  text: string | undefined,
  name: 'heddle-call-id' | 'heddle-schema-fingerprint',
): void {
  let high = 0;
  let low = 0;
  if (text !== undefined) {
    const digits = text.toLowerCase();
    high = hex(digits, 0, 8);
    low = hex(digits, 8, 8);
    if (high === -1 || low === -1 || digits.length !== 16) throw bad(name, text, 'must be 16 hex digits');
  }
  if (name === 'heddle-call-id') {
    head.callIdHigh = high;
    head.callIdLow = low;
  } else {
    head.fingerprintHigh = high;
    head.fingerprintLow = low;
  }
}

function bad(name: string, value: string, rule: string): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', `header ${name}: ${JSON.stringify(value.slice(0, 100))} ${rule}`);
}
