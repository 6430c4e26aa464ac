// intake: what a request is, from its line and headers alone: a health check, a call that is whole (GET), a call whose
// body is still to come (POST), or an error. On IO threads, once per request, before any of its body is read.

import { callFlags, codecIds } from '../../../runtime/call.ts';
import { compressionByte } from '../../../runtime/compression-byte.ts';
import type { ProtocolMethod } from '../../../runtime/plugins/protocol.ts';
import type { BindingSettings } from '../../../runtime/settings.ts';
import { acceptedCoding, bodyCoding, unknownCoding } from './content-coding.ts';
import { codecOfContentType } from './content-type.ts';
import type { Exchange } from './exchange.ts';
import type { HttpThread } from './http-thread.ts';
import { readMetadataHeaders } from './metadata-headers.ts';
import type { ParsedRequest } from './parse-request.ts';
import { queryToJson } from './query.ts';
import * as refusals from './refusal.ts';
import { RequestBody } from './request-body.ts';
import { readRequestHead } from './request-head.ts';

/** `call`: `exchange.head` and `exchange.body` are ready to go, once the body, if one was announced, has been gathered. */
export type Intake = 'health' | 'call' | refusals.Refusal;

export function takeIn(
  thread: HttpThread,
  binding: BindingSettings,
  exchange: Exchange,
  request: ParsedRequest,
  nowMs: number,
): Intake {
  const { verb, version, headers, bodyBytes } = request;
  if (headers.expect !== undefined && version === '1.1' && headers.expect.toLowerCase() !== '100-continue') {
    return refusals.unknownExpectation;
  }
  if (version !== '1.1' && version !== '1.0') return refusals.wrongVersion(version);
  if (request.hostCount > 1) return refusals.twoHosts;
  if (request.hostCount === 0 && version === '1.1') return refusals.noHost;
  const { target } = request;
  const reads = verb === 'GET' || verb === 'HEAD';
  if (target.service === '') {
    if (target.path !== '/healthz') return refusals.notAPath(target.path);
    if (!reads) return refusals.wrongVerb(verb, 'GET, HEAD');
    return bodyBytes === 0 ? 'health' : refusals.bodyOnRead(verb);
  }
  const method = thread.host.dispatcher.method(target.service, target.method);
  if (method === undefined) return refusals.notFound(target.service, target.method);
  if (reads ? !method.reads : verb !== 'POST') {
    return refusals.wrongVerb(verb, method.reads ? 'GET, HEAD, POST' : 'POST');
  }
  if (reads && bodyBytes !== 0) return refusals.bodyOnRead(verb);
  const transfer = headers['transfer-encoding'];
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked') return refusals.wrongTransfer(transfer);
  return readCall(thread, binding, exchange, request, method, nowMs);
}

function readCall(
  thread: HttpThread,
  binding: BindingSettings,
  exchange: Exchange,
  request: ParsedRequest,
  method: ProtocolMethod,
  nowMs: number,
): Intake {
  const { headers, bodyBytes } = request;
  const { compressors } = thread.host;
  const reads = request.verb !== 'POST';
  const content = headers['content-encoding'];
  const coding = bodyCoding(compressors, content);
  if (coding === unknownCoding) return refusals.wrongCoding(content!, compressors);
  if (coding !== 0 && method.pool === 'io') return refusals.codedOnIoThreads(content!);
  if (bodyBytes > binding.frameBytes) return refusals.bodyTooLarge(binding.frameBytes);
  const codec = reads ? codecIds.json : codecOfContentType(headers['content-type']);
  if (codec === -1) return refusals.wrongContentType(headers['content-type'] ?? '');
  let accepted = 0;
  if (method.compressAboveBytes) {
    exchange.compressors = compressors;
    accepted = acceptedCoding(compressors, headers['accept-encoding']);
  }
  const head = thread.takeHead();
  try {
    readRequestHead(head, request, { nowMs, timeoutMs: binding.timeoutMs, reads });
    exchange.body = reads ? queryBody(request) : emptyBody(request, binding);
  } catch (reason) {
    thread.giveHead(head);
    return refusals.refusalOfError(reason);
  }
  head.codec = codec;
  // What a GET asks for stands in its query.
  head.compression = compressionByte(reads ? 0 : coding, accepted);
  if (method.oneWay) head.flags |= callFlags.oneWay;
  exchange.head = head;
  exchange.service = request.target.service;
  exchange.method = request.target.method;
  return 'call';
}

// The request line is bounded (headBytesMax), so what it unfolds to is too.
function queryBody(request: ParsedRequest): RequestBody {
  const json = Buffer.from(queryToJson(request.target.query));
  const body = new RequestBody(readMetadataHeaders(request, true), json.length, json.length);
  body.append(json, 0, json.length);
  return body;
}

function emptyBody(request: ParsedRequest, binding: BindingSettings): RequestBody {
  return new RequestBody(readMetadataHeaders(request, false), request.bodyBytes, binding.frameBytes);
}
