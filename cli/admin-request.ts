// askAdmin: one request to a process's admin, whose answer is whatever it is: JSON, text, or a sentence that says no.

import { request } from 'node:http';
import { configFileHeader } from '../admin/config-file.ts';
import { HeddleError } from '../runtime/errors.ts';
import type { AdminTarget } from './top/address.ts';

/** Bytes of one answer at most: a CPU profile of a minute. */
const answerMaxBytes = 64 * 2 ** 20;

export interface AdminRequest extends AdminTarget {
  verb: 'GET' | 'POST';
  /** With its query. */
  path: string;
  /** Sent as JSON; undefined: nothing. */
  body?: unknown;
  /** From the connection to the last byte of the answer, ms. */
  timeoutMs: number;
}

export interface AdminResponse {
  status: number;
  isJson: boolean;
  text: string;
}

/** Throws UNAVAILABLE when nobody answers there, RESOURCE_EXHAUSTED when the answer is too large. */
export function askAdmin(asked: AdminRequest): Promise<AdminResponse> {
  const { address, verb, path, body, timeoutMs } = asked;
  const signal = AbortSignal.timeout(timeoutMs);
  const headers: Record<string, string> = { accept: 'application/json', ...configHeader(asked) };
  const text = body === undefined ? undefined : JSON.stringify(body);
  if (text !== undefined) headers['content-type'] = 'application/json';
  return new Promise((resolve, reject) => {
    const fail = (reason: NodeJS.ErrnoException): void =>
      reject(signal.aborted ? late(address, path, timeoutMs) : nobodyThere(asked, reason));
    const outgoing = request(
      new URL(path, address),
      { method: verb, headers, signal, agent: false as const },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('error', fail);
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes <= answerMaxBytes) return;
          reject(new HeddleError('RESOURCE_EXHAUSTED', `the answer to ${path} has more than ${answerMaxBytes} bytes`));
          outgoing.destroy();
        });
        response.on('end', () => {
          const isJson = response.headers['content-type']?.startsWith('application/json') === true;
          resolve({ status: response.statusCode ?? 0, isJson, text: Buffer.concat(chunks).toString() });
        });
      },
    );
    outgoing.on('error', fail);
    outgoing.end(text);
  });
}

/** Says whose process is meant, so that another on the same port refuses. */
export function configHeader({ configFile }: Pick<AdminTarget, 'configFile'>): Record<string, string> {
  return configFile === undefined ? {} : { [configFileHeader]: encodeURIComponent(configFile) };
}

function late(address: string, path: string, timeoutMs: number): HeddleError {
  const what = `${address} did not answer ${path} within ${timeoutMs} ms: is it the admin of a Heddle process?`;
  return new HeddleError('DEADLINE_EXCEEDED', what);
}

function nobodyThere({ address, assumed }: AdminTarget, { code, message }: NodeJS.ErrnoException): HeddleError {
  if (code === 'ECONNRESET') {
    // It had taken the connection.
    const what = `the process at ${address} has ended the connection without an answer: it stops, or it has died`;
    return new HeddleError('UNAVAILABLE', what, { cause: code });
  }
  const what = code === 'ECONNREFUSED' ? 'connection refused' : message || String(code);
  return new HeddleError(
    'UNAVAILABLE',
    [
      `no Heddle process answers at ${address}: ${what}${assumed === undefined ? '' : `; ${assumed}`}.`,
      'Is it running? `heddle start` prints the address of its admin (when 7199 is taken, another one): --address <address>.',
      'Or give its config file, which has admin.address: --config path/to/heddle.yaml',
    ].join('\n'),
    { cause: code },
  );
}
