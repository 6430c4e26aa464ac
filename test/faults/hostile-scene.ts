// A scene: a server in a process of its own with one IO thread, so that everybody shares it; a caller of each protocol
// that calls on and on and must notice nothing; and hostile peers over bare sockets. What the server counts is read from
// its log, what it holds from the system.

import { Agent, request as httpRequest } from 'node:http';
import { connect as openConnection, type Socket } from 'node:net';
import type { ExecutionContext } from 'ava';
import { connect } from '../../net/client/connect.ts';
import * as encode from '../../net/protocol/heddle/encode.ts';
import { emptyCallHead } from '../../runtime/call.ts';
import { type Child, startChild } from './child.ts';
import { startLoad } from './load.ts';
import { openFilesOf, residentMebibytes } from './proc.ts';
import { eventually } from './rig.ts';
import { Work } from './services/contracts.ts';

export interface SceneOptions {
  /** Bounds of both listeners, YAML; default none but the defaults. */
  bounds?: string;
  /** YAML before the rest. */
  limits?: string;
  /** What the server's memory may grow by, MiB. */
  memoryMebibytes: number;
  /** What must be counted at least, by the protocols. */
  counted?: Record<string, number>;
  /** The healthy caller over http opens connections of its own; false where none more is let in. */
  http?: boolean;
}

/** What the healthy callers may wait for one answer, ms: two cores, the test's own work on one of them. */
const latencyMsMax = 5_000;
/** Healthy calls before and during an attack, each at least. */
const healthyCalls = 50;

export class Scene {
  readonly child: Child;

  constructor(child: Child) {
    this.child = child;
  }

  port(protocol: 'heddle' | 'http'): number {
    return this.child.port(protocol);
  }

  /** Hostile peers of one protocol; resolves when all have connected. */
  async crowd(protocol: 'heddle' | 'http', size: number, localAddress = '127.0.0.1'): Promise<Crowd> {
    const crowd = new Crowd(this.port(protocol), size, localAddress);
    await eventually(`${size} peers`, () => crowd.connected + crowd.failed >= size);
    return crowd;
  }

  /** What was counted so far, by name. */
  get counts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { events } of logLines(this.child)) {
      for (const [event, count] of Object.entries(events ?? {})) counts.set(event, (counts.get(event) ?? 0) + count);
    }
    return counts;
  }

  /** The acceptor's refusals, as it told them last. */
  get refused(): Record<string, number> {
    return logLines(this.child).findLast(({ refused }) => refused !== undefined)?.refused ?? {};
  }
}

/** Sockets to one port, with how many of them the server has ended. */
export class Crowd {
  readonly sockets: Socket[];
  connected = 0;
  failed = 0;
  ended = 0;
  receivedBytes = 0;

  constructor(port: number, size: number, localAddress: string) {
    this.sockets = Array.from({ length: size }, () => {
      const socket = openConnection({ port, host: '127.0.0.1', localAddress, noDelay: true, allowHalfOpen: true });
      let isOver = false;
      const over = () => {
        if (!isOver) this.ended++;
        isOver = true;
      };
      socket.on('connect', () => this.connected++);
      socket.on('data', (chunk) => {
        this.receivedBytes += chunk.length;
      });
      socket.on('end', over);
      socket.on('error', () => {
        if (socket.connecting) this.failed++;
      });
      socket.on('close', over);
      return socket;
    });
  }

  write(bytes: Buffer | string): void {
    for (const socket of this.sockets) if (socket.writable) socket.write(bytes);
  }

  /** Each waits until its kernel takes more; resolves when all have written or are cut off. */
  async writeAll(bytes: Buffer): Promise<void> {
    await Promise.all(
      this.sockets.map(async (socket) => {
        if (!socket.writable || socket.write(bytes)) return;
        await new Promise<void>((resolve) => {
          const go = () => {
            socket.off('drain', go).off('close', go);
            resolve();
          };
          socket.on('drain', go).on('close', go);
        });
      }),
    );
  }

  leave(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

/** Runs `attack` beside healthy callers, and holds the server to its bounds. */
export async function underAttack(
  t: ExecutionContext,
  options: SceneOptions,
  attack: (scene: Scene) => Promise<void>,
): Promise<void> {
  const bounds = options.bounds === undefined ? '' : `, ${options.bounds}`;
  const listen = (protocol: string) => `{ address: "${protocol}://127.0.0.1:0"${bounds} }`;
  await using child = await startChild(`
log: { level: warn, levels: { io: debug } }
${options.limits ?? ''}
io: { threads: 1 }
pools: { work: { threads: 1 } }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: [${listen('heddle')}, ${listen('http')}] }
`);
  const pid = child.process.pid!;
  const scene = new Scene(child);
  await using client = connect(Work, { target: `heddle://127.0.0.1:${scene.port('heddle')}` });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let latencyMs = 0;
  const timed = (call: (id: number) => Promise<boolean>) => async (id: number) => {
    const beganMs = performance.now();
    const isRight = await call(id);
    latencyMs = Math.max(latencyMs, performance.now() - beganMs);
    return isRight;
  };
  const loads = [
    startLoad(
      1,
      0,
      timed(async (id) => (await client.echo({ id, text: 'healthy' })).id === id),
    ),
  ];
  if (options.http !== false) {
    const port = scene.port('http');
    loads.push(
      startLoad(
        1,
        0,
        timed((id) => echoOverHttp(agent, port, id)),
      ),
    );
  }
  const goOn = async (): Promise<void> => {
    const goals = loads.map(({ good }) => good + healthyCalls);
    const isAny = () => loads.some(({ failures }) => failures.size > 0);
    await eventually('healthy calls', () => isAny() || loads.every(({ good }, index) => good >= goals[index]!));
  };
  try {
    await goOn();
    latencyMs = 0;
    const beganMs = performance.now();
    const filesBefore = openFilesOf(pid);
    const memoryMebibytes = await peakMemory(pid, async () => {
      await attack(scene);
      await goOn();
    });
    await eventually('all their files are closed', () => openFilesOf(pid) <= filesBefore);
    for (const [event, least] of Object.entries(options.counted ?? {})) {
      await eventually(`${least} ${event} are counted`, () => (scene.counts.get(event) ?? 0) >= least);
    }
    const seconds = (performance.now() - beganMs) / 1000;
    const warnings = logLines(child).filter(({ level }) => level === 'warn').length;
    t.log(`+${memoryMebibytes.toFixed(0)} MiB, slowest healthy call ${latencyMs.toFixed(0)} ms, ${warnings} warnings`);
    for (const { failures, wrong } of loads) t.deepEqual([[...failures], wrong], [[], 0]);
    t.true(latencyMs < latencyMsMax, `a healthy call took ${latencyMs} ms`);
    t.true(memoryMebibytes < options.memoryMebibytes, `grown by ${memoryMebibytes} MiB`);
    // One a second from the IO thread, one from the acceptor.
    t.true(warnings <= 2 * (seconds + 1), `${warnings} warnings in ${seconds} s`);
  } finally {
    await Promise.all(loads.map((load) => load.stop()));
    agent.destroy();
  }
}

/** What the memory of a process grew by at most while `work` ran, MiB. */
async function peakMemory(pid: number, work: () => Promise<void>): Promise<number> {
  const before = residentMebibytes(pid);
  let peak = 0;
  const sampling = setInterval(() => {
    peak = Math.max(peak, residentMebibytes(pid) - before);
  }, 10);
  try {
    await work();
  } finally {
    clearInterval(sampling);
  }
  return peak;
}

/** A call of faults.Work for a bare socket. */
export function heddleRequest(requestId: number, method: string, body: Buffer): Buffer {
  const head = { ...emptyCallHead(), source: body, bodyEnd: body.length };
  const route = encode.encodeRoute('faults.Work', method);
  const frame = Buffer.alloc(encode.requestFrameBytes(route, head));
  encode.encodeRequest(frame, 0, requestId, route, head, 0);
  return frame;
}

function echoOverHttp(agent: Agent, port: number, id: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const path = `/faults.Work/echo?text=healthy&id=${id}`;
    httpRequest({ agent, host: '127.0.0.1', port, path }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        if (response.statusCode !== 200) reject(new Error(`${response.statusCode}: ${text}`));
        else resolve((JSON.parse(text) as { id: number }).id === id);
      });
    })
      .on('error', reject)
      .end();
  });
}

interface LogLine {
  level: string;
  events?: Record<string, number>;
  refused?: Record<string, number>;
}

function logLines(child: Child): LogLine[] {
  return child.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine);
}
