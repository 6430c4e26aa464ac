// adminRig: a real server of the fault tests' services with an admin on a free port, and requests to that admin.

import { type IncomingMessage, request } from 'node:http';
import type { FibersAnswer } from '../../admin/shapes.ts';
import type { ServerOptions } from '../../net/server/server-options.ts';
import { type Rig, startRig } from '../faults/rig.ts';

export const services = `
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
  faults.Side: { module: ./side.ts, pool: side, listen: ["heddle://127.0.0.1:0"] }
  faults.Inline: { module: ./inline.ts, pool: io, listen: ["heddle://127.0.0.1:0"] }
`;

export interface AdminRig extends Rig {
  readonly address: string;
  get<Answer>(path: string): Promise<Answer>;
  post<Answer>(path: string, body?: unknown): Promise<Answer>;
}

export async function adminRig(yaml: string, options: ServerOptions = {}): Promise<AdminRig> {
  const admin = /^admin:/m.test(yaml) ? '' : 'admin: { address: "http://127.0.0.1:0" }\n';
  const rig = await startRig(`${admin}${yaml}`, options);
  const address = rig.server.admin!.address!;
  return {
    ...rig,
    address,
    get: async (path) => json(await ask(address, 'GET', path)),
    post: async (path, body) =>
      json(await ask(address, 'POST', path, {}, body === undefined ? '' : JSON.stringify(body))),
  };
}

/** `/fibers`, once more when the machine has kept a thread from answering in time: it is told as such then. */
export async function fibersOf(get: () => Promise<FibersAnswer>): Promise<FibersAnswer> {
  for (let tries = 1; ; tries++) {
    const answer = await get();
    if (tries === 20 || answer.threads.every(({ answered }) => answered)) return answer;
  }
}

export interface Answered {
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
}

/** One request on a connection of its own. */
export function ask(
  address: string,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body = '',
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, address), { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function json<Answer>({ status, text }: Answered): Answer {
  if (status >= 400) throw new Error(`${status}: ${text}`);
  return JSON.parse(text) as Answer;
}
