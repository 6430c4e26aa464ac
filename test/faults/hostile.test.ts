// Slow and hostile peers against a real server: bounded memory, everything closed and counted, few lines in the log, and
// healthy callers of both protocols on the same IO thread that notice nothing.

import { once } from 'node:events';
import { connect as openConnection } from 'node:net';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { requestLayout } from '../../net/protocol/heddle/layout.ts';
import { seededRandom } from '../../runtime/clock.ts';
import { cancel, ping } from '../net/protocol/heddle/frames.ts';
import { type Crowd, heddleRequest, underAttack } from './hostile-scene.ts';
import { eventually } from './rig.ts';
import { taggedBytes } from './services/contracts.ts';

const seed = Number(process.env.HEDDLE_SEED ?? Date.now() % 1_000_000);

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function httpHead(length: number, more = ''): string {
  return `POST /faults.Work/raw HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: ${length}\r\n${more}\r\n`;
}

/** Of a request that never was. */
function cancels(id: number): Buffer[] {
  return Array.from({ length: 4 }, () => cancel(id));
}

test.serial('slowloris: requests that come byte by byte and never end are cut off', async (t) => {
  const counted = { 'connect-timeout': 100, 'read-timeout': 100 };
  const bounds = 'connectTimeout: 400ms, readTimeout: 400ms';
  await underAttack(t, { bounds, memoryMebibytes: 60, counted }, async (scene) => {
    const heddle = await scene.crowd('heddle', 100);
    const http = await scene.crowd('http', 100);
    const frame = heddleRequest(1, 'raw', taggedBytes(1, 1000));
    const head = Buffer.from(httpHead(1000));
    for (let at = 0; heddle.ended + http.ended < 200; at++) {
      heddle.write(frame.subarray(at, at + 1));
      http.write(head.subarray(at, at + 1));
      await later(20);
      if (at > 500) break;
    }
    t.is(heddle.ended + http.ended, 200);
    heddle.leave();
    http.leave();
  });
});

test.serial('half-open: peers that never speak, fall silent or end only their side are not kept', async (t) => {
  const counted = { 'connect-timeout': 100, 'idle-timeout': 50 };
  const bounds = 'connectTimeout: 400ms, readTimeout: 2s, idleTimeout: 400ms';
  await underAttack(t, { bounds, memoryMebibytes: 60, counted }, async (scene) => {
    const mute = [await scene.crowd('heddle', 50), await scene.crowd('http', 50)];
    // Each speaks as soon as it is there, before its connect timeout.
    const speaking = async (protocol: 'heddle' | 'http', bytes: Buffer | string): Promise<Crowd> => {
      const crowd = await scene.crowd(protocol, 50);
      crowd.write(bytes);
      return crowd;
    };
    const heddle = heddleRequest(1, 'raw', taggedBytes(1, 100));
    const idle = [await speaking('heddle', heddle), await speaking('http', 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n')];
    const half = [await speaking('heddle', heddle), await speaking('http', httpHead(100) + 'x'.repeat(100))];
    for (const { sockets } of half) for (const socket of sockets) socket.end();
    const all = [...mute, ...idle, ...half];
    await eventually('all are ended', () => all.every(({ ended }) => ended === 50));
    t.true(half[0]!.receivedBytes > 50 * 100, 'what they had asked is answered');
    for (const crowd of all) crowd.leave();
  });
});

test.serial('millions of tiny frames take their own share of the thread, and no memory', async (t) => {
  await underAttack(t, { memoryMebibytes: 100 }, async (scene) => {
    const crowd = await scene.crowd('heddle', 8);
    // One in six is answered by a pong, one by an error.
    const tiny = (id: number) => [ping(1), heddleRequest(id, 'nope', Buffer.alloc(0)), ...cancels(id)];
    const flood = Buffer.concat(Array.from({ length: 2_000 }, (_, id) => tiny(id)).flat());
    const endMs = performance.now() + 1_500;
    let frames = 0;
    while (performance.now() < endMs) {
      await crowd.writeAll(flood);
      frames += 8 * 12_000;
    }
    t.is(crowd.ended, 0, 'they break no rule');
    t.log(`${frames} frames`);
    t.true(frames > 200_000, `${frames} frames`);
    t.true(crowd.receivedBytes > 0);
    crowd.leave();
  });
});

test.serial('requests written byte by byte are answered like any other', async (t) => {
  await underAttack(t, { memoryMebibytes: 60 }, async (scene) => {
    const heddle = await scene.crowd('heddle', 20);
    const http = await scene.crowd('http', 20);
    const frame = heddleRequest(1, 'raw', taggedBytes(1, 100));
    const request = Buffer.from(`${httpHead(100, 'connection: close\r\n')}${'x'.repeat(100)}`, 'latin1');
    for (let at = 0; at < Math.max(frame.length, request.length); at++) {
      if (at < frame.length) heddle.write(frame.subarray(at, at + 1));
      if (at < request.length) http.write(request.subarray(at, at + 1));
      await later(1);
    }
    await eventually('http is answered and ended', () => http.ended === 20);
    await eventually('heddle is answered', () => heddle.receivedBytes >= 20 * (24 + 100));
    t.is(heddle.ended, 0);
    heddle.leave();
    http.leave();
  });
});

test.serial('frames and bodies over the bound are refused as they come, and nothing of them is kept', async (t) => {
  const counted = { malformed: 20, 'too-large': 10 };
  await underAttack(t, { bounds: 'frame: 1MB', memoryMebibytes: 60, counted }, async (scene) => {
    const heddle = await scene.crowd('heddle', 10);
    const http = await scene.crowd('http', 10);
    const frame = heddleRequest(1, 'raw', Buffer.alloc(8_000_000));
    http.write(httpHead(4_000_000_000));
    await Promise.all([heddle.writeAll(frame), http.writeAll(Buffer.alloc(8_000_000))]);
    await heddle.writeAll(frame);
    await heddle.writeAll(heddleRequest(2, 'raw', taggedBytes(2, 100_000)));
    await eventually('the connection goes on', () => heddle.receivedBytes >= 10 * 100_000);
    await eventually('http is cut off', () => http.ended === 10);
    heddle.leave();
    http.leave();
  });
});

test.serial('compression bombs are unfolded no further than the frame of their listener', async (t) => {
  const bomb = gzipSync(Buffer.alloc(200_000_000), { level: 9 });
  // Forty of 200 MB: each is unfolded to 10 MB at most, one at a time, and is garbage then, which V8 gathers in its own time.
  await underAttack(t, { memoryMebibytes: 400 }, async (scene) => {
    const heddle = await scene.crowd('heddle', 20);
    const http = await scene.crowd('http', 20);
    const frame = heddleRequest(1, 'raw', bomb);
    frame[requestLayout.compression] = 1;
    await heddle.writeAll(frame);
    await http.writeAll(Buffer.concat([Buffer.from(httpHead(bomb.length, 'content-encoding: gzip\r\n')), bomb]));
    await eventually('all have their answer', () => heddle.receivedBytes > 20 * 24 && http.receivedBytes > 20 * 100);
    t.true(heddle.receivedBytes + http.receivedBytes < 40_000);
    heddle.leave();
    http.leave();
  });
});

test.serial('peers that promise more than they send cost what they sent', async (t) => {
  await underAttack(t, { memoryMebibytes: 60, counted: { 'cut-off-frame': 100, 'peer-gone': 50 } }, async (scene) => {
    const heddle = await scene.crowd('heddle', 100);
    const http = await scene.crowd('http', 100);
    heddle.write(heddleRequest(1, 'raw', Buffer.alloc(9_000_000)).subarray(0, 500));
    http.write(`${httpHead(9_000_000)}and no more`);
    await later(100);
    for (const socket of heddle.sockets) socket.end();
    for (const [index, socket] of http.sockets.entries()) {
      if (index % 2 === 0) socket.resetAndDestroy();
      else socket.end();
    }
    await eventually('all are over', () => heddle.ended === 100 && http.ended === 100);
    heddle.leave();
    http.leave();
  });
});

test.serial('garbage on both protocols is counted and ends its connection', async (t) => {
  t.log(`HEDDLE_SEED=${seed}`);
  const random = seededRandom(seed);
  await underAttack(t, { memoryMebibytes: 60, counted: { malformed: 180 } }, async (scene) => {
    const crowds = [await scene.crowd('heddle', 100), await scene.crowd('http', 100)];
    for (const { sockets } of crowds) {
      for (const socket of sockets) {
        // Ten bytes or more whose first one begins nothing.
        const bytes = Buffer.from(Array.from({ length: 10 + Math.floor(random() * 3_000) }, () => random() * 256));
        bytes[0] = 0x80 + (bytes[0]! & 31);
        socket.write(bytes);
      }
    }
    await eventually('all are ended', () => crowds.every(({ ended }) => ended === 100));
    for (const crowd of crowds) crowd.leave();
  });
});

test.serial('readers that stop are cut off and counted', async (t) => {
  const options = { bounds: 'writeTimeout: 500ms', memoryMebibytes: 300 };
  await underAttack(t, options, async (scene) => {
    const crowds = [await scene.crowd('heddle', 5), await scene.crowd('http', 5)];
    const body = taggedBytes(1, 100_000);
    const requests = [
      (id: number) => heddleRequest(id, 'raw', body),
      () => Buffer.concat([Buffer.from(httpHead(body.length)), body]),
    ];
    for (const [index, { sockets }] of crowds.entries()) {
      for (const socket of sockets) {
        socket.pause();
        for (let id = 1; id <= 200; id++) socket.write(requests[index]!(id));
      }
    }
    const cut = () => (scene.counts.get('write-timeout') ?? 0) + (scene.counts.get('slow-reader') ?? 0);
    await eventually('all are cut off', () => cut() >= 10);
    for (const crowd of crowds) crowd.leave();
  });
});

test.serial('a flood of connections past every limit is refused, each for its reason', async (t) => {
  const limits = 'limits: { connections: 200, connectionsPerIp: 60, deny: [127.0.0.9] }';
  const options = { limits, bounds: 'maxConnections: 150', memoryMebibytes: 60, http: false };
  await underAttack(t, options, async (scene) => {
    // The healthy caller's connection is the first from 127.0.0.1, and one of the 200.
    const floods = [
      ['http', 1, 41],
      ['http', 2, 40],
      ['http', 3, 69],
      ['http', 4, 100],
      ['heddle', 5, 51],
      ['heddle', 6, 100],
      ['http', 9, 100],
    ] as const;
    const crowds: Crowd[] = [];
    for (const [protocol, last, refused] of floods) {
      const crowd = await scene.crowd(protocol, 100, `127.0.0.${last}`);
      await eventually(`${refused} from 127.0.0.${last} are refused`, () => crowd.ended === refused);
      crowds.push(crowd);
    }
    // One more now and then, so that the log tells the whole: it does so once a second.
    await eventually('all are told of', () => {
      openConnection({ port: scene.port('http'), host: '127.0.0.1', localAddress: '127.0.0.9' }).on('error', () => {});
      return (scene.refused.denied ?? 0) >= 100;
    });
    t.like(scene.refused, {
      'max-connections-per-ip': 81,
      'max-connections-of-listener': 169,
      'max-connections': 151,
    });
    for (const crowd of crowds) crowd.leave();
  });
});

test.serial('thousands of connections that come and go at once leave nothing behind', async (t) => {
  await underAttack(t, { memoryMebibytes: 100 }, async (scene) => {
    for (let round = 0; round < 10; round++) {
      const visits = Array.from({ length: 200 }, async (_, index) => {
        const socket = openConnection({ port: scene.port(index % 2 === 0 ? 'heddle' : 'http'), host: '127.0.0.1' });
        socket.on('error', () => {});
        await once(socket, 'connect');
        if (index % 3 === 0) socket.destroy();
        else socket.resetAndDestroy();
      });
      await Promise.all(visits);
    }
    t.deepEqual(scene.refused, {});
  });
});
