// AdminClient: one GET after another from a process's admin. Bounded in time and bytes; what goes wrong comes back as a
// sentence, since a process that does not answer is what `heddle top` is there to show.

import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { AdminErrorAnswer } from '../../admin/shapes.ts';
import type { Clock } from '../../runtime/clock.ts';
import { configHeader } from '../admin-request.ts';
import type { AdminTarget } from './address.ts';

/** Bytes of one answer at most: ten thousand methods or fibers, with long names. */
const answerMaxBytes = 32 * 2 ** 20;

export interface AdminFailure {
  /** `unreachable`: nobody took the connection, or answered in time. `refused`: the admin said no. */
  kind: 'unreachable' | 'refused' | 'not-heddle';
  /** What happened, as `connection refused`. */
  what: string;
  /** Of a main thread that hangs: what it does. */
  main?: NonNullable<AdminErrorAnswer['main']>;
}

export type AdminResult = { answer: object } | { failure: AdminFailure };

export class AdminClient {
  readonly address: string;
  readonly #headers: Record<string, string>;
  readonly #clock: Clock;
  readonly #timeoutMs: number;

  /** `timeoutMs`: from the connection to the last byte of an answer. */
  constructor(target: AdminTarget, clock: Clock, timeoutMs: number) {
    this.address = target.address;
    this.#headers = { accept: 'application/json', ...configHeader(target) };
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Never rejects. */
  get(path: string): Promise<AdminResult> {
    return new Promise((resolve) => {
      const outgoing = request(new URL(path, this.address), { agent: false, headers: this.#headers });
      const fail = (failure: AdminFailure): void => {
        this.#clock.clearTimer(timer);
        resolve({ failure });
        outgoing.destroy();
      };
      const timer = this.#clock.setTimer(this.#timeoutMs, () =>
        fail({ kind: 'unreachable', what: `no answer within ${this.#timeoutMs} ms` }),
      );
      outgoing.on('error', (error: NodeJS.ErrnoException) => fail({ kind: 'unreachable', what: reasonOf(error) }));
      outgoing.on('response', (response) => {
        receive(response, outgoing, (result) => {
          this.#clock.clearTimer(timer);
          resolve(result);
        });
      });
      outgoing.end();
    });
  }
}

function receive(response: IncomingMessage, outgoing: ClientRequest, done: (result: AdminResult) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('error', () => done({ failure: { kind: 'unreachable', what: 'it broke off within its answer' } }));
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes <= answerMaxBytes) return;
    done({ failure: { kind: 'not-heddle', what: `its answer has more than ${answerMaxBytes} bytes` } });
    outgoing.destroy();
  });
  response.on('end', () => done(resultOf(response.statusCode ?? 0, Buffer.concat(chunks).toString())));
}

function resultOf(status: number, text: string): AdminResult {
  const answer = objectIn(text);
  if (answer === undefined) {
    return { failure: { kind: 'not-heddle', what: `HTTP status ${status}, and no JSON object` } };
  }
  if (status === 200) return { answer };
  const { error, main } = answer as Partial<AdminErrorAnswer>;
  if (typeof error !== 'string') return { failure: { kind: 'not-heddle', what: `HTTP status ${status}` } };
  return { failure: { kind: 'refused', what: error, ...(main === undefined ? {} : { main }) } };
}

function objectIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ECONNRESET') return 'connection closed by the other side';
  return message === '' ? String(code) : message;
}
