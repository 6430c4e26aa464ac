import test from 'ava';
import { endpointsOf } from '../../cli/endpoints.ts';
import { exampleCommands } from '../../cli/example-commands.ts';
import { statusText } from '../../cli/status.ts';
import { readConfig } from '../../config/read-config.ts';
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

test('without any example the first method is called with {}, and only where it is reached', (t) => {
  const endpoints = [{ service: 'b.B', address: heddle }];
  const methods = ['a.A', 'b.B'].map((service) => ({ service, method: 'm', ...writes, example: undefined }));
  t.deepEqual(exampleCommands(endpoints, methods), ["npx heddle call heddle://127.0.0.1:7000 b.B/m '{}'"]);
  t.deepEqual(exampleCommands([], methods), []);
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

test('the status tells errors and restarts only when there are some', (t) => {
  const stats = { requestsPerSecond: 12_345.6, failedPerSecond: 0, p50Ms: 0.214, p99Ms: 12.6, fibers: 7, threads: 6 };
  t.is(
    statusText({ ...stats, connections: 64, restarts: 0 }),
    '12,346 requests/s, p50 0.21 ms, p99 13 ms, 7 fibers, 6 threads, 64 connections',
  );
  t.regex(statusText({ ...stats, connections: 64, failedPerSecond: 0.2, restarts: 2 }), /, 1 errors\/s, 2 restarts$/);
});
