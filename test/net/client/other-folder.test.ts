// The stand-alone client: a Node process of its own, in a folder outside the repo that has the contract file and the
// package, and nothing of the service.

import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { readConfig } from '../../../config/read-config.ts';
import { Server } from '../../../net/server/server.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

const caller = [
  "import { connect } from 'heddle';",
  "import { Greeter } from './contract" + ".ts';",
  'await using greeter = connect(Greeter, { target: process.argv[2] });',
  "console.log((await greeter.greet({ name: 'Grace' })).text);",
].join('\n');

test('a process in another folder calls a service with the contract file alone', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-caller-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  copyFileSync(join(root, 'examples/greeter/contract.ts'), join(folder, 'contract.ts'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'call.ts'), caller);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules/heddle'));

  const config = readConfig({
    file: join(root, 'examples/greeter/heddle.yaml'),
    overrides: ['services["demo.Greeter"].listen=["heddle://127.0.0.1:0"]', 'log.level=silent', 'admin.address=none'],
    environment: {},
  });
  const server = new Server(config.settings!);
  await server.start();
  const { host, port } = server.addresses[0]!;
  const { stdout } = await promisify(execFile)(process.execPath, ['call.ts', `heddle://${host}:${port}`], {
    cwd: folder,
    timeout: 60_000,
  });
  t.is(stdout, 'Hello, Grace!\n');
  t.true(await server.stop());
});
