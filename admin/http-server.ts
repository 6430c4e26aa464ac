// AdminServer (admin thread): HTTP for operators and scrapers. JSON in and out, bounded in everything, and closed to
// browsers that come from other sites, since POST /drain stops the service. What is answered stands in AdminCommands.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { type ErrorCode, HeddleError } from '../runtime/errors.ts';
import { createServer } from '../runtime/lean-http.ts';
import type { Logger } from '../runtime/logger.ts';
import { type AdminCommand, type AdminCommands, AdminReply } from './commands.ts';
import { configFileHeader, whyElsewhere } from './config-file.ts';
import { MainSilent } from './main-asker.ts';
import type { AdminErrorAnswer } from './shapes.ts';

/** Open connections; over it new ones are closed at once. */
const connectionsMax = 64;
/** Requests under way; one connection may send several without waiting. */
const requestsMax = 64;
const headBytesMax = 16_384;
const bodyBytesMax = 65_536;
/** From the first to the last byte of a request's head, and of all of it, ms. */
const headTimeoutMs = 5_000;
const requestTimeoutMs = 10_000;
const idleTimeoutMs = 5_000;
/** A connection on which nothing moves for so long is closed: longer than the longest profile, ms. */
const stillTimeoutMs = 90_000;
const backlog = 64;

export interface AdminServerOptions {
  /** How requests may name this host, beside `localhost` and IP addresses. */
  hostName: string;
  /** The config that the process was started with; undefined: none. */
  configFile?: string | undefined;
  commands: AdminCommands;
  log: Logger;
}

export class AdminServer {
  readonly #options: AdminServerOptions;
  readonly #server: Server;
  #underWay = 0;

  constructor(options: AdminServerOptions) {
    this.#options = options;
    this.#server = createServer(
      {
        maxHeaderSize: headBytesMax,
        headersTimeout: headTimeoutMs,
        requestTimeout: requestTimeoutMs,
        keepAliveTimeout: idleTimeoutMs,
        connectionsCheckingInterval: 1_000,
      },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxConnections = connectionsMax;
    this.#server.setTimeout(stillTimeoutMs);
  }

  /** Resolves with the real port. `host`: an IP address. Throws what the system says. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => this.#options.log.error({ err: error }, 'the admin listener failed'));
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A peer that has gone is no news.
    response.on('error', () => {});
    if (this.#underWay >= requestsMax) {
      send(request, response, refusal(429, `${requestsMax} requests are under way here already; try again`));
      return;
    }
    this.#underWay++;
    try {
      send(request, response, await this.#reply(request, response));
    } catch (reason) {
      send(request, response, this.#failure(request, reason));
    } finally {
      this.#underWay--;
    }
  }

  async #reply(request: IncomingMessage, response: ServerResponse): Promise<AdminReply> {
    const foreign = whyForeign(request, this.#options.hostName);
    if (foreign !== undefined) return refusal(403, foreign);
    const elsewhere = whyElsewhere(request.headers[configFileHeader]?.toString(), this.#options.configFile);
    if (elsewhere !== undefined) return refusal(409, elsewhere);
    const [path = '/', query = ''] = splitOnce(request.url ?? '/', '?');
    const commands = path === '/' ? this.#root : this.#options.commands.at(path.replace(/\/$/, ''));
    if (commands === undefined) {
      const paths = this.#options.commands.all.map(({ verb, path: known }) => `${verb} ${known}`);
      return refusal(404, `there is no ${path}; there are ${paths.join(', ')}`);
    }
    const command = commands.get(request.method === 'HEAD' ? 'GET' : (request.method ?? ''));
    if (command === undefined) {
      const verbs = [...commands.keys()];
      response.setHeader('allow', verbs.join(', '));
      return refusal(405, `${path} takes ${verbs.join(' and ')}, not ${request.method}`);
    }
    const body = command.verb === 'POST' ? parsed(await bodyOf(request)) : undefined;
    const answer = await command.run({ query: new URLSearchParams(query), body });
    if (answer instanceof AdminReply) return answer;
    if (typeof answer === 'string') return new AdminReply(answer, { contentType: 'text/plain; charset=utf-8' });
    return new AdminReply(answer);
  }

  /** What there is, with a sentence each. */
  get #root(): ReadonlyMap<string, AdminCommand> {
    const list = (): object => {
      return {
        paths: this.#options.commands.all.map(({ verb, path, summary }) => ({ path: `${verb} ${path}`, summary })),
      };
    };
    return new Map([['GET', { path: '/', verb: 'GET', summary: '', run: list }]]);
  }

  #failure(request: IncomingMessage, reason: unknown): AdminReply {
    if (!(reason instanceof HeddleError)) {
      this.#options.log.error({ err: reason, url: request.url }, 'an admin command failed');
      const what = reason instanceof Error ? reason.message : String(reason);
      return refusal(500, `${request.method} ${request.url} failed: ${what}; the cause is in the log`);
    }
    if (reason.code === 'INTERNAL')
      this.#options.log.error({ err: reason, url: request.url }, 'an admin command failed');
    const main = reason instanceof MainSilent ? reason.main : undefined;
    const body: AdminErrorAnswer = { error: reason.message, ...(main === undefined ? {} : { main }) };
    return new AdminReply(body, { status: statuses[reason.code] ?? 500 });
  }
}

const statuses: Partial<Record<ErrorCode, number>> = {
  INVALID_ARGUMENT: 400,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  FAILED_PRECONDITION: 409,
  OUT_OF_RANGE: 413,
  RESOURCE_EXHAUSTED: 429,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
  UNIMPLEMENTED: 501,
  UNAUTHENTICATED: 401,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
};

/**
 * Why a request is not an operator's; undefined: it may be. Browsers send `origin` with each POST, and pages of others can
 * reach this host only by a name that they have made to point here.
 */
function whyForeign({ headers }: IncomingMessage, hostName: string): string | undefined {
  if (headers.origin !== undefined) return 'requests from web pages are not answered (the request has an Origin)';
  const site = headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site') return 'requests from other web sites are not answered';
  if (headers.host === undefined) return undefined;
  const host = headers.host
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
  if (isIP(host) !== 0 || host === 'localhost' || host === hostName) return undefined;
  return `this host is not called ${JSON.stringify(host)} here: use its IP address, localhost, or the name in admin.address`;
}

function bodyOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bodyBytesMax) chunks.push(chunk);
      else reject(new HeddleError('OUT_OF_RANGE', `the body is larger than ${bodyBytesMax} bytes`));
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString()));
    request.on('error', reject);
    request.on('close', () => reject(new HeddleError('CANCELLED', 'the request was cut off')));
  });
}

function parsed(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new HeddleError('INVALID_ARGUMENT', `the body is not JSON: ${(error as Error).message}`);
  }
}

function refusal(status: number, error: string): AdminReply {
  return new AdminReply({ error } satisfies AdminErrorAnswer, { status });
}

function send(request: IncomingMessage, response: ServerResponse, reply: AdminReply): void {
  if (response.destroyed) return;
  const { body, status, contentType, fileName } = reply;
  response.statusCode = status;
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  // What is left of a body that nobody reads would be taken for the next request.
  if (!request.complete) response.setHeader('connection', 'close');
  if (fileName !== undefined) response.setHeader('content-disposition', `attachment; filename="${fileName}"`);
  if (contentType === undefined) {
    response.setHeader('content-type', 'application/json');
    // Nothing, as a command of a plugin may answer, has no JSON of its own.
    const text: string | undefined = JSON.stringify(body, undefined, isForPeople(request) ? 2 : undefined);
    response.end(`${text ?? 'null'}\n`);
  } else {
    response.setHeader('content-type', contentType);
    response.end(String(body));
  }
}

/** Programs ask for JSON by name; curl and browsers take anything. */
function isForPeople({ headers, url = '' }: IncomingMessage): boolean {
  return /[?&]pretty\b/.test(url) || headers.accept?.includes('application/json') !== true;
}

function splitOnce(text: string, at: string): [string, string?] {
  const index = text.indexOf(at);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}
