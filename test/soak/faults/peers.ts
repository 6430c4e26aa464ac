// Faults of peers: slow and hostile ones, over bare sockets, on listeners with tight bounds whose IO threads everybody
// shares. Whatever they do, nobody else may notice.

import type { Random } from '../../../runtime/clock.ts';
import { Crowd, heddleRequest } from '../../faults/hostile-scene.ts';
import { taggedBytes } from '../../faults/services/contracts.ts';
import { type Ports, roughConnections } from '../config.ts';
import { type Fault, later } from './fault.ts';

type Attack = (open: (protocol: 'heddle' | 'http', size: number) => Crowd, random: Random) => Promise<void>;

/** Peers of one attack and protocol: two attacks at once still get in. */
const crowdSize = 12;

function peers(kind: string, what: string, attack: Attack): Fault {
  return {
    kind: `peers-${kind}`,
    what,
    everyMs: 9_000,
    reaches: [],
    codes: [],
    lingersMs: 0,
    inject: async ({ clients: { ports } }, random) => {
      const crowds: Crowd[] = [];
      const open = (protocol: 'heddle' | 'http', size: number): Crowd => {
        const crowd = new Crowd(portOf(ports, protocol), size, '127.0.0.1');
        crowds.push(crowd);
        return crowd;
      };
      await attack(open, random);
      for (const crowd of crowds) crowd.leave();
      return true;
    },
  };
}

function portOf(ports: Ports, protocol: 'heddle' | 'http'): number {
  return protocol === 'heddle' ? ports.roughHeddle : ports.roughHttp;
}

function httpHead(length: number): string {
  return `POST /faults.Work/raw HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: ${length}\r\n\r\n`;
}

/** Byte by byte, so that the last one comes too late, or in time. */
async function drip(open: Parameters<Attack>[0], bytes: number, pauseMs: number): Promise<void> {
  const heddle = open('heddle', crowdSize);
  const http = open('http', crowdSize);
  const frame = heddleRequest(1, 'raw', taggedBytes(1, bytes));
  const request = Buffer.from(httpHead(bytes) + 'x'.repeat(bytes));
  for (let at = 0; at < 80; at++) {
    if (at < frame.length) heddle.write(frame.subarray(at, at + 1));
    if (at < request.length) http.write(request.subarray(at, at + 1));
    await later(pauseMs);
  }
  heddle.write(frame.subarray(80));
  http.write(request.subarray(80));
  await later(200);
}

export const peerFaults: Fault[] = [
  peers('slowloris', 'requests that come byte by byte and never end', (open) => drip(open, 2_000, 15)),
  peers('bytes', 'requests written byte by byte', (open) => drip(open, 16, 1)),
  peers('mute', 'connections that never speak, and such as end only their side', async (open) => {
    const all = [open('heddle', crowdSize), open('http', crowdSize)];
    await later(200);
    for (const { sockets } of all) for (const socket of sockets.slice(0, crowdSize / 2)) socket.end();
    await later(1_000);
  }),
  peers('deaf', 'readers that stop reading their replies', async (open) => {
    const frames = Array.from({ length: 100 }, (_, id) => heddleRequest(id, 'raw', taggedBytes(id, 50_000)));
    const crowd = open('heddle', 4);
    for (const socket of crowd.sockets) socket.pause();
    crowd.write(Buffer.concat(frames));
    await later(2_500);
  }),
  peers('garbage', 'bytes at random, half of them begun like frames', async (open, random) => {
    for (const crowd of [open('heddle', crowdSize), open('http', crowdSize)]) {
      for (const socket of crowd.sockets) {
        const bytes = Buffer.from(Array.from({ length: 1 + Math.floor(random() * 2_000) }, () => random() * 256));
        if (random() < 0.5) bytes.set([0xed, 1, 1 + Math.floor(random() * 8), 0].slice(0, bytes.length));
        socket.write(bytes);
      }
    }
    await later(300);
  }),
  peers('oversize', 'frames and bodies over the bound, and promises of more than is sent', async (open) => {
    const heddle = open('heddle', 4);
    const http = open('http', 4);
    heddle.write(heddleRequest(1, 'raw', Buffer.alloc(500_000)));
    http.write(httpHead(4_000_000_000) + 'x'.repeat(1_000));
    await later(700);
  }),
  peers('tiny', 'tens of thousands of tiny frames', async (open) => {
    const crowd = open('heddle', 2);
    const tiny = Buffer.concat(Array.from({ length: 5_000 }, (_, id) => heddleRequest(id, 'nope', Buffer.alloc(0))));
    for (let round = 0; round < 3; round++) await Promise.race([crowd.writeAll(tiny), later(1_000)]);
  }),
  peers('flood', 'three times as many connections as are let in', async (open) => {
    open('heddle', 3 * roughConnections);
    open('http', 3 * roughConnections);
    await later(700);
  }),
];
