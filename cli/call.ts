// call: `heddle call`, one call of a running service without its contract. Reads the request, sends it over the protocol
// that the target names, prints the answer.

import { readFileSync } from 'node:fs';
import { parseTarget } from '../net/client/address.ts';
import { HeddleError } from '../runtime/errors.ts';
import { encodeMetadata } from '../runtime/metadata.ts';
import { callOverHeddle } from './call-heddle.ts';
import { callOverHttp } from './call-http.ts';
import type { CallAnswer, CallRequest } from './call-types.ts';
import type { CallCommandOptions } from './command-options.ts';
import { exitCodes } from './exit-codes.ts';

/** Resolves with the exit code. `text` is JSON, `@file` or `-`. */
export async function call(target: string, name: string, text: string, options: CallCommandOptions): Promise<number> {
  let request: CallRequest;
  let send: (request: CallRequest) => Promise<CallAnswer>;
  try {
    send = senderFor(target);
    request = await makeRequest(target, name, text, options);
  } catch (reason) {
    process.stderr.write(`heddle: ${reason instanceof Error ? reason.message : reason}\n`);
    return exitCodes.usage;
  }
  const beganMs = performance.now();
  const answer = await send(request);
  const tookMs = performance.now() - beganMs;
  if (options.verbose) tellAbout(answer, tookMs);
  if (answer.error !== undefined) {
    process.stderr.write(`${answer.error.code}: ${answer.error.message}${retryText(answer.error)}\n`);
    if (request.codec !== 'flatbuffers' && wantsFlatbuffers.test(answer.error.message)) {
      process.stderr.write(`${flatbuffersHint}\n`);
    }
    return exitCodes.failed;
  }
  if (!request.oneWay) print(answer);
  return exitCodes.ok;
}

/** By what the target begins with. Throws INVALID_ARGUMENT when it can't be read. */
export function senderFor(target: string): (request: CallRequest) => Promise<CallAnswer> {
  if (target.startsWith('heddle://')) {
    parseTarget(target);
    return callOverHeddle;
  }
  if (/^https?:\/\//.test(target) && URL.canParse(target)) return callOverHttp;
  throw wrong(
    `the target ${JSON.stringify(target)} must be heddle://host:port, http://host:port or https://host:port, as heddle://127.0.0.1:7000`,
  );
}

/** How a method of flatbuffers() refuses all else (`unsupportedCodec`). */
const wantsFlatbuffers = /can travel in flatbuffers, not in /;
const flatbuffersHint =
  'FlatBuffers have no JSON form: write the request into a file by its generated classes, and send that: @file --codec flatbuffers';

const namePattern = /^([A-Za-z_][\w.]*)\/([A-Za-z_]\w*)$/;

/** Reads the request, wherever it stands. Throws INVALID_ARGUMENT when something of it is wrong. */
export async function makeRequest(
  target: string,
  name: string,
  text: string,
  options: CallCommandOptions,
): Promise<CallRequest> {
  const match = namePattern.exec(name);
  if (match === null) throw wrong(`${JSON.stringify(name)} is no method; write service/method, as demo.Echo/echo`);
  const metadata = (options.meta ?? []).map(parsePair);
  // Says now which key is no key, before anything is sent.
  encodeMetadata(metadata);
  const body = await readBody(text);
  if (options.codec === 'json') checkJson(body);
  const { timeout: timeoutMs, priority, codec, oneWay = false } = options;
  return { target, service: match[1]!, method: match[2]!, body, codec, timeoutMs, metadata, priority, oneWay };
}

async function readBody(text: string): Promise<Buffer> {
  if (text === '-') {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }
  if (!text.startsWith('@')) return Buffer.from(text);
  try {
    return readFileSync(text.slice(1));
  } catch (error) {
    throw wrong(`the request can't be read: ${(error as Error).message}`);
  }
}

function checkJson(body: Buffer): void {
  try {
    JSON.parse(body.toString());
  } catch (error) {
    throw wrong(`the request is not JSON: ${(error as Error).message}`);
  }
}

function parsePair(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw wrong(`metadata ${JSON.stringify(text)} is no pair; write key=value, as tenant=blue`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function wrong(what: string): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', what);
}

function print({ codec, body }: CallAnswer): void {
  if (codec !== 'json') process.stdout.write(body);
  // A method that answers nothing has an empty body.
  else if (body.length > 0) process.stdout.write(`${indented(body.toString())}\n`);
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // Labelled as JSON by somebody who does not write it: shown as it came.
    return text;
  }
}

function tellAbout({ from, metadata, body }: CallAnswer, tookMs: number): void {
  const lines = [`${from} answered ${body.length} bytes after ${tookMs.toFixed(1)} ms`];
  for (const [key, value] of metadata) lines.push(`${key}: ${value}`);
  process.stderr.write(`${lines.join('\n')}\n`);
}

function retryText({ retry, retryAfterMs }: HeddleError): string {
  if (retry === 'no') return '';
  const after = retryAfterMs > 0 ? `, after ${retryAfterMs} ms` : '';
  return retry === 'yes'
    ? ` (it has not run: try again${after})`
    : ` (it may have run: try again if that is harmless${after})`;
}
