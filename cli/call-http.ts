// callOverHttp: one call over protocol http (docs/http.md), as curl would make it: for targets behind proxies.

import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { httpError } from '../load/http/http-error.ts';
import { HeddleError } from '../runtime/errors.ts';
import type { CallAnswer, CallRequest } from './call-types.ts';

const contentTypes = {
  json: 'application/json',
  bytes: 'application/octet-stream',
  flatbuffers: 'application/x-flatbuffers',
} as const;
const metadataPrefix = 'heddle-meta-';

/** Never rejects for a failure of the call. */
export async function callOverHttp(request: CallRequest): Promise<CallAnswer> {
  const url = new URL(request.target);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${request.service}/${request.method}`;
  try {
    return await exchange(url, request);
  } catch (reason) {
    return {
      codec: 'other',
      body: Buffer.alloc(0),
      metadata: new Map(),
      from: url.href,
      error: errorOf(reason, url, request),
    };
  }
}

async function exchange(url: URL, request: CallRequest): Promise<CallAnswer> {
  const signal = AbortSignal.timeout(request.timeoutMs);
  const options = { method: 'POST', headers: headersOf(request), signal, agent: false as const };
  const outgoing = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on('response', resolve).on('error', reject).end(request.body);
  });
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return answerOf(response, Buffer.concat(chunks), url);
}

/** What docs/http.md says of a call. */
export function headersOf(request: CallRequest): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': contentTypes[request.codec],
    'content-length': String(request.body.length),
    'heddle-priority': request.priority,
    // At most nine digits are read.
    'heddle-timeout': request.timeoutMs < 1e9 ? `${request.timeoutMs}ms` : `${Math.floor(request.timeoutMs / 1000)}s`,
  };
  if (request.oneWay) headers['heddle-one-way'] = '1';
  for (const [key, value] of request.metadata) headers[metadataPrefix + key] = encodeURIComponent(value);
  return headers;
}

function answerOf(response: IncomingMessage, body: Buffer, url: URL): CallAnswer {
  const metadata = new Map<string, string>();
  for (const [name, value] of Object.entries(response.headers)) {
    if (name.startsWith(metadataPrefix)) metadata.set(name.slice(metadataPrefix.length), decoded(String(value)));
  }
  const status = response.statusCode ?? 0;
  const codec = response.headers['content-type']?.startsWith('application/json') === true ? 'json' : 'other';
  const error = httpError(status, body);
  if (error === undefined) return { codec, body, metadata, from: url.href };
  return { codec, body: Buffer.alloc(0), metadata, from: url.href, error };
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function errorOf(reason: unknown, url: URL, { timeoutMs }: CallRequest): HeddleError {
  if (reason instanceof Error && /^(Abort|Timeout)Error$/.test(reason.name)) {
    return new HeddleError('DEADLINE_EXCEEDED', `no answer from ${url.host} within ${timeoutMs} ms`);
  }
  const message = reason instanceof Error ? reason.message : String(reason);
  const code = (reason as NodeJS.ErrnoException).code ?? '';
  // It never got as far as a connection.
  const retry = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'].includes(code) ? 'yes' : 'if-idempotent';
  return new HeddleError('UNAVAILABLE', `${url.host} could not be called: ${message}`, { retry });
}
