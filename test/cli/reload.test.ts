import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { askAdmin } from '../../cli/admin-request.ts';
import { reloadText } from '../../cli/reload-text.ts';
import { adminTarget } from '../../cli/top/address.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { freePort } from '../helpers/free-port.ts';
import { Heddle, temporaryFolder } from './heddle.ts';

test('a config that is no YAML says where, instead of an address that nobody wrote', (t) => {
  const file = join(temporaryFolder(t), 'heddle.yaml');
  const text = 'admin: { address: "http://127.0.0.1:7300" }\nservices:\n  a: [1, 2\n  b: 3\n';
  writeFileSync(file, text);
  const error = t.throws(() => adminTarget(file, {}), { instanceOf: HeddleError, code: 'INVALID_ARGUMENT' });
  t.regex(error!.message, /heddle\.yaml:4:3: not valid YAML: .*\n {4}b: 3\n {4}\^\n/);
  writeFileSync(file, text.replace('2\n', '2]\n'));
  t.is(adminTarget(file, {}).address, 'http://127.0.0.1:7300', 'mistakes elsewhere do not hide it');
});

test('heddle reload says a failure as JSON where JSON is asked for', async (t) => {
  const file = join(temporaryFolder(t), 'heddle.yaml');
  const address = `http://127.0.0.1:${await freePort()}`;
  writeFileSync(file, `admin: { address: "${address}" }\n`);
  const { code, stdout, stderr } = await new Heddle(['reload', '--strict', '--json', '--config', file]).ended;
  const { error } = JSON.parse(stdout) as { error: string };
  t.is(code, 1);
  t.regex(error, new RegExp(`^no Heddle process answers at ${address}: connection refused\\.`));
  t.is(stderr, `heddle: ${error}\n`);
});

test('nobody at an address that nobody wrote: the answer says why it was that one', async (t) => {
  const address = `http://127.0.0.1:${await freePort()}`;
  const asked = {
    address,
    assumed: 'there is no heddle.yaml here',
    verb: 'GET',
    path: '/',
    timeoutMs: 10_000,
  } as const;
  const error = await t.throwsAsync(askAdmin(asked), { instanceOf: HeddleError, code: 'UNAVAILABLE' });
  t.regex(error!.message, /: connection refused; there is no heddle\.yaml here\.\n/);
});

test('a process that ends before it has answered is not called one that never ran', async (t) => {
  const server = createServer((socket) => socket.once('data', () => socket.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const asked = { address, verb: 'POST', path: '/reload', timeoutMs: 10_000 } as const;
  const error = await t.throwsAsync(askAdmin(asked), { instanceOf: HeddleError, code: 'UNAVAILABLE' });
  t.is(
    error!.message,
    `the process at ${address} has ended the connection without an answer: it stops, or it has died`,
  );
});

test('a latency that is not known is no zero', (t) => {
  const side = {
    answers: 7,
    errorsPercent: 0,
    cancelled: 0,
    unanswered: 0,
    p50Ms: null,
    p99Ms: null,
    runP50Ms: null,
    runP99Ms: null,
  };
  const methods = [{ method: 'a.A/a', old: side, new: { ...side, p50Ms: 4.1 } }];
  const canary = { goOn: false, why: 'an operator decided', percent: 10, tookMs: 1000, methods };
  const text = reloadText({ changed: [], needsRestart: [], rolled: [], ioCode: [], canary });
  t.regex(text, /a\.A\/a +7 +7 +0 % +0 % +4\.1 ms +- +- +-\n/);
});
