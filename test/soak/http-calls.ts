// HttpCalls: requests of the soak runner by node's own client, with its errors told in the codes of the service.

import { Agent, request as httpRequest } from 'node:http';
import { type ErrorCode, HeddleError } from '../../runtime/errors.ts';

export interface HttpOptions {
  port: number;
  path: string;
  /** JSON; undefined: GET. */
  body?: unknown;
  headers?: Record<string, string>;
  /** The caller leaves after so long, ms, and closes the connection: CANCELLED. */
  leaveAfterMs?: number;
}

export class HttpCalls implements Disposable {
  readonly #agent: Agent;

  constructor(maxSockets: number) {
    this.#agent = new Agent({ keepAlive: true, maxSockets });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  /** The body of a 2xx answer; any other rejects with its code, a broken connection with UNAVAILABLE. */
  send({ port, path, body, headers = {}, leaveAfterMs }: HttpOptions): Promise<string> {
    return new Promise((resolve, reject) => {
      let hasLeft = false;
      const lost = (cause: Error): void => {
        const code = hasLeft ? 'CANCELLED' : 'UNAVAILABLE';
        reject(new HeddleError(code, `http: ${cause.message}`));
      };
      const method = body === undefined ? 'GET' : 'POST';
      const content = body === undefined ? {} : { 'content-type': 'application/json' };
      const options = {
        agent: this.#agent,
        host: '127.0.0.1',
        port,
        path,
        method,
        headers: { ...content, ...headers },
      };
      const request = httpRequest(options, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('error', lost);
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          if (status >= 200 && status < 300) resolve(text);
          else reject(errorOf(status, text));
        });
      });
      request.on('error', lost);
      if (leaveAfterMs !== undefined) {
        const timer = setTimeout(() => {
          hasLeft = true;
          request.destroy();
        }, leaveAfterMs);
        request.on('close', () => clearTimeout(timer));
      }
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

function errorOf(status: number, text: string): HeddleError {
  try {
    const { error } = JSON.parse(text) as { error: { code: ErrorCode; message: string } };
    return new HeddleError(error.code, error.message);
  } catch {
    return new HeddleError('INTERNAL', `http: status ${status} with ${JSON.stringify(text.slice(0, 200))}`);
  }
}
