// Calls the echo service from a process of its own: one call, then a hundred at once over one connection.

import { connect } from 'heddle/client';
import { Echo } from './contract.ts';

await using echo = connect(Echo, { target: process.argv[2] ?? 'heddle://127.0.0.1:7000' });
console.log(await echo.echo({ id: 1, text: 'hi', tags: ['first'] }, { timeoutMs: 1_000 }));

const beganMs = performance.now();
const calls = Array.from({ length: 100 }, (_, id) => echo.echo({ id, text: `number ${id}` }));
const ids = (await Promise.all(calls)).map((message) => message.id);
console.log(`${ids.length} answers, each its own: ${ids.every((id, at) => id === at)}`);
console.error(`in ${(performance.now() - beganMs).toFixed(1)} ms`);

const body = crypto.getRandomValues(new Uint8Array(65_536));
console.log(`${body.length} bytes came back as they went: ${Buffer.compare(body, await echo.raw(body)) === 0}`);
