// intake: what a request is, from its line and headers alone: a health check, a call that is whole (GET), a call whose
// body is still to come (POST), or an error. On IO threads, once per request, before any of its body is read.

import { callFlags, codecIds } from '../../../runtime/call.ts';
import { compressionByte } from '../../../runtime/compression-byte.ts';
import type { ProtocolMethod } from '../../../runtime/plugins/protocol.ts';
import type { BindingSettings } from '../../../runtime/settings.ts';
import { acceptedCoding, bodyCoding, unknownCoding } from './content-coding.ts';
import { codecOfContentType } from './content-type.ts';
import type { HttpRequest } from './exchange.ts';
import type { HttpThread } from './http-thread.ts';
import { headersMax } from './limits.ts';
import { readMetadataHeaders } from './metadata-headers.ts';
import { queryToJson } from './query.ts';
import * as refusals from './refusal.ts';
import { RequestBody } from './request-body.ts';
import { readRequestHead } from './request-head.ts';

/** `call`: `request.head` is ready to go. `body`: it is, but for the body, which `request.body` gathers. */
export type Intake = 'health' | 'call' | 'body' | refusals.Refusal;

/** Bytes that a request says will follow its head: 0, the content-length, or -1 when they come in chunks. */
export function announcedBytes(request: HttpRequest): number {
  if (request.headers['transfer-encoding'] !== undefined) return -1;
  const length = request.headers['content-length'];
  return length === undefined ? 0 : Number(length);
}

export function takeIn(thread: HttpThread, binding: BindingSettings, request: HttpRequest, bodyBytes: number): Intake {
  if (request.rawHeaders.length > 2 * headersMax) return refusals.tooManyHeaders;
  const { httpVersion } = request;
  // node:http takes 0.9 and 2.0 for 1.0.
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return refusals.wrongVersion(httpVersion);
  const hosts = countHosts(request.rawHeaders);
  if (hosts > 1) return refusals.twoHosts;
  if (hosts === 0 && httpVersion === '1.1') return refusals.noHost;
  const { target } = thread;
  const verb = request.method ?? '';
  const reads = verb === 'GET' || verb === 'HEAD';
  if (!target.read(request.url ?? '')) {
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
  const transfer = request.headers['transfer-encoding'];
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked') return refusals.wrongTransfer(transfer);
  const coding = readCodings(thread, request, method, reads);
  if (coding !== undefined) return coding;
  if (bodyBytes > binding.frameBytes) return refusals.bodyTooLarge(binding.frameBytes);
  return readCall(thread, binding, request, method, reads, bodyBytes);
}

/** node:http keeps the first host header and drops the others; a proxy in front may have read another one. */
function countHosts(rawHeaders: readonly string[]): number {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts;
}

/** Notes how the body is compressed and how the reply may be; returns why the body can't be taken. */
function readCodings(
  { host }: HttpThread,
  request: HttpRequest,
  method: ProtocolMethod,
  reads: boolean,
): refusals.Refusal | undefined {
  const { headers } = request;
  const content = headers['content-encoding'];
  const coding = bodyCoding(host.compressors, content);
  if (coding === unknownCoding) return refusals.wrongCoding(content!, host.compressors);
  if (coding !== 0 && method.pool === 'io') return refusals.codedOnIoThreads(content!);
  let accepted = 0;
  if (method.compressAboveBytes) {
    request.exchange!.compressors = host.compressors;
    accepted = acceptedCoding(host.compressors, headers['accept-encoding'] as string | undefined);
  }
  // What a GET asks for stands in its query.
  request.compression = compressionByte(reads ? 0 : coding, accepted);
  return undefined;
}

function readCall(
  thread: HttpThread,
  binding: BindingSettings,
  request: HttpRequest,
  method: { oneWay: boolean },
  reads: boolean,
  bodyBytes: number,
): Intake {
  const { headers } = request;
  const codec = reads ? codecIds.json : codecOfContentType(headers['content-type']);
  if (codec === -1) return refusals.wrongContentType(headers['content-type'] ?? '');
  const head = thread.takeHead();
  try {
    readRequestHead(head, headers, { nowMs: thread.host.clock.nowMs(), timeoutMs: binding.timeoutMs, reads });
    head.codec = codec;
    head.compression = request.compression;
    if (method.oneWay) head.flags |= callFlags.oneWay;
    request.body = reads ? queryBody(request, thread.target.query) : emptyBody(request, binding, bodyBytes);
  } catch (reason) {
    request.body = undefined;
    thread.giveHead(head);
    return refusals.refusalOfError(reason);
  }
  request.head = head;
  request.serviceName = thread.target.service;
  request.methodName = thread.target.method;
  return bodyBytes === 0 ? 'call' : 'body';
}

// The request line is bounded (headBytesMax), so what it unfolds to is too.
function queryBody(request: HttpRequest, query: string): RequestBody {
  const json = Buffer.from(queryToJson(query));
  const body = new RequestBody(readMetadataHeaders(request.headers, true), json.length, json.length);
  body.append(json);
  return body;
}

function emptyBody(request: HttpRequest, binding: BindingSettings, bodyBytes: number): RequestBody {
  return new RequestBody(readMetadataHeaders(request.headers, false), bodyBytes, binding.frameBytes);
}
