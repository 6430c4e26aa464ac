import test from 'ava';
import { endpointsOf } from '../../cli/endpoints.ts';
import { exampleCommands } from '../../cli/example-commands.ts';
import { addressHint } from '../../cli/start-hints.ts';
import { statusText } from '../../cli/status.ts';
import { readConfig } from '../../config/read-config.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { root } from './heddle.ts';

const heddle = { protocol: 'heddle', host: '0.0.0.0', port: 7000 };
const http = { protocol: 'http', host: '::', port: 7080 };
const reads = { reads: true, oneWay: false };
const writes = { reads: false, oneWay: false };

test('the first example is called by both protocols, the next one by curl', (t) => {
  const endpoints = ['a.A', 'b.B'].flatMap((service) => [heddle, http].map((address) => ({ service, address })));
  const commands = exampleCommands(endpoints, [
    { service: 'a.A', method: 'plain', ...reads, example: undefined },
    { service: 'a.A', method: 'find', ...reads, example: '{"text":"a b","limit":3}' },
    { service: 'b.B', method: 'put', ...writes, example: '{"ids":[1]}' },
    { service: 'b.B', method: 'more', ...writes, example: '{}' },
  ]);
  t.deepEqual(commands, [
    `npx heddle call heddle://127.0.0.1:7000 a.A/find '{"text":"a b","limit":3}'`,
    `curl 'http://[::1]:7080/a.A/find?text=a+b&limit=3'`,
    `curl http://[::1]:7080/b.B/put -H 'content-type: application/json' -d '{"ids":[1]}'`,
  ]);
});

test('a method without an example is not called, nor one that nobody reaches', (t) => {
  const endpoints = [heddle, http].map((address) => ({ service: 'b.B', address }));
  const health = 'curl http://[::1]:7080/healthz';
  const plain = { service: 'b.B', method: 'm', ...writes, example: undefined };
  t.deepEqual(exampleCommands(endpoints, [plain]), [health]);
  const elsewhere = { ...plain, service: 'a.A', example: '{}' };
  t.deepEqual(exampleCommands(endpoints, [plain, elsewhere]), [health]);
  t.deepEqual(exampleCommands([], [elsewhere]), []);
});

test('a port 0 is the one that nobody wrote down', (t) => {
  const text = `
services:
  a.A: { module: ./index.ts, listen: ["http://127.0.0.1:7080", "heddle://127.0.0.1:0"] }
  b.B: { module: ./index.ts, listen: ["http://127.0.0.1:0"] }
`;
  const { settings } = readConfig({ file: `${root}/heddle.yaml`, text });
  const [written, own, free] = [
    { protocol: 'http', host: '127.0.0.1', port: 7080 },
    { protocol: 'heddle', host: '127.0.0.1', port: 40_001 },
    { protocol: 'http', host: '127.0.0.1', port: 40_002 },
  ];
  t.deepEqual(endpointsOf(settings!, [written!, own!, free!]), [
    { service: 'a.A', address: written! },
    { service: 'a.A', address: own! },
    { service: 'b.B', address: free! },
  ]);
});

test('a taken address is answered with the --set that takes free ports', (t) => {
  const inUse = new HeddleError('FAILED_PRECONDITION', 'in use', {
    cause: Object.assign(new Error(), { code: 'EADDRINUSE' }),
  });
  const hint = (services: string) => {
    const text = `services: { ${services} }`;
    return addressHint(inUse, readConfig({ file: `${root}/heddle.yaml`, text }).settings!);
  };
  const listens = (port: number) => `{ module: ./index.ts, listen: ["heddle://127.0.0.1:${port}"] }`;
  const free = '["heddle://127.0.0.1:0"]';
  t.true(hint(`a.A: ${listens(1)}, b.B: ${listens(2)}`)?.endsWith(`--set 'services.*.listen=${free}'`));
  t.true(
    hint(`a.A: ${listens(1)}, b.B: { module: ./index.ts }`)?.endsWith(`--set 'services["a.A"].listen=${free}'`),
    'a service that listens nowhere is not opened to the world',
  );
  const { settings } = readConfig({ file: `${root}/heddle.yaml`, text: `services: { a.A: ${listens(1)} }` });
  t.is(addressHint(new HeddleError('INTERNAL', 'else'), settings!), undefined);
});

test('the status tells errors and restarts only when there are some', (t) => {
  const stats = { requestsPerSecond: 12_345.6, failedPerSecond: 0, p50Ms: 0.214, p99Ms: 12.6, fibers: 7, threads: 6 };
  t.is(
    statusText({ ...stats, connections: 64, restarts: 0 }),
    '12,346 requests/s, p50 0.21 ms, p99 13 ms, 7 fibers, 6 threads, 64 connections',
  );
  t.regex(statusText({ ...stats, connections: 64, failedPerSecond: 0.2, restarts: 2 }), /, 1 errors\/s, 2 restarts$/);
});
