// The whole service: a real server with the config of the project, on a free port, and a client that calls it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Client, connect, formatProblems, readConfig, Server } from 'heddle';
import { MyService } from '../contract.ts';

const { settings, problems } = readConfig({
  file: fileURLToPath(new URL('../heddle.yaml', import.meta.url)),
  overrides: ['services.*.listen=["heddle://127.0.0.1:0"]', 'admin.address=none', 'log.level=warn'],
});
if (settings === undefined) throw new Error(formatProblems(problems));
const server = new Server(settings);
let client: Client<typeof MyService>;

before(async () => {
  await server.start();
  client = connect(MyService, { target: `heddle://127.0.0.1:${server.addresses[0]?.port}` });
});

after(async () => {
  await client?.close();
  await server.stop();
});

test('greets by name', async () => {
  assert.deepEqual(await client.greet({ name: 'Ada' }), { text: 'Hello, Ada!' });
});

test('refuses to greet nobody', async () => {
  await assert.rejects(client.greet({ name: ' ' }), { code: 'INVALID_ARGUMENT' });
});
