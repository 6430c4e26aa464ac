// The pages docs/filters.md and docs/tracing.md, run as they stand there, and their bounds.

import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readConfig } from '../../../config/read-config.ts';
import { formatProblems } from '../../../document/format-problems.ts';
import { Server } from '../../../index.ts';
import { flushTimeoutMs } from '../../../net/tracing/thread-tracing.ts';
import { exportTimeoutMs, tracerBounds } from '../../../runtime/plugins/tracer.ts';
import { eventually } from '../../faults/rig.ts';

const pageOf = (name: string): string => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
const blocksOf = (page: string) => [...page.matchAll(/^```(?:ts|yaml)\n([\s\S]*?)^```$/gm)].map(([, code]) => code!);

const greeter = `import { implement, json, method, service } from 'heddle';
import { z } from 'zod';
const Greeter = service('demo.Greeter', { greet: method(json(z.object({}), z.string()), { reads: true }) });
export default implement(Greeter, { greet: () => 'hello' });
`;

/** A server of the page's first two blocks; returns a way to GET its greeting. */
async function serve(t: ExecutionContext, file: string, plugin: string, yaml: string) {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-docs-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const from = (name: string) => JSON.stringify(import.meta.resolve(name));
  const write = (name: string, text: string) =>
    writeFileSync(
      join(folder, name),
      text
        .replace("'heddle'", JSON.stringify(new URL('../../../index.ts', import.meta.url).href))
        .replace("'zod'", from('zod')),
    );
  write(file, plugin);
  write('greeter.ts', greeter);
  const config = readConfig({
    file: join(folder, 'heddle.yaml'),
    text: yaml.replace(':7080', ':0'),
    overrides: ['admin.address=none', 'log.level=silent', 'io.threads=1', 'pools.default.threads=1'],
    environment: {},
  });
  if (config.settings === undefined) throw new Error(formatProblems(config.problems));
  const server = new Server(config.settings);
  t.teardown(() => server.stop());
  await server.start();
  const url = `http://127.0.0.1:${server.addresses[0]!.port}/demo.Greeter/greet`;
  return { server, get: (headers: Record<string, string> = {}) => fetch(url, { headers }) };
}

test("the filters of the page ask for the token that the page's config names", async (t) => {
  const [plugin, yaml] = blocksOf(pageOf('filters.md')) as [string, string];
  const { get } = await serve(t, 'filters.ts', plugin, yaml);
  t.is((await get()).status, 401);
  t.is((await get({ 'heddle-meta-token': 't-1' })).status, 200);
});

test('the tracer of the page tells a collector in OTLP', async (t) => {
  const bodies: string[] = [];
  const collector = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      bodies.push(body);
      response.end('{}');
    });
  });
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  t.teardown(() => collector.close());
  const { port } = collector.address() as AddressInfo;
  const [plugin, yaml] = blocksOf(pageOf('tracing.md')) as [string, string];
  const services = 'services: { demo.Greeter: { module: ./greeter.ts, listen: ["http://127.0.0.1:0"] } }\n';
  const soon = plugin.replace('      percent,\n', '      percent,\n      everyMs: 10,\n');
  t.not(soon, plugin);
  const { server, get } = await serve(t, 'otlp.ts', soon, `${yaml.replace('4318', `${port}`)}${services}`);
  const [traceId, parentSpanId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
  await get({ traceparent: `00-${traceId}-${parentSpanId}-01` });
  await eventually('its export', () => bodies.length > 0);
  await server.stop();
  t.is(bodies.length, 1);
  const { resource, scopeSpans } = JSON.parse(bodies[0]!).resourceSpans[0];
  t.deepEqual(resource.attributes, [{ key: 'service.name', value: { stringValue: 'shop' } }]);
  const [span] = scopeSpans[0].spans;
  t.deepEqual(
    [span.traceId, span.parentSpanId, span.name, span.kind],
    [traceId, parentSpanId, 'demo.Greeter/greet', 2],
  );
  t.true(BigInt(span.endTimeUnixNano) > BigInt(span.startTimeUnixNano));
});

test('the bounds of the page are those of the code', (t) => {
  const page = pageOf('tracing.md').replaceAll('\n  ', ' ');
  const { maxSpans, everyMs, percent } = tracerBounds;
  for (const sentence of [
    `\`maxSpans\` (${maxSpans.default}; at most ${maxSpans.max}) or \`everyMs\` (${everyMs.default}; ${everyMs.min} to ${everyMs.max})`,
    `for at most ${exportTimeoutMs} ms`,
    `within ${flushTimeoutMs} ms, before its plugins are disposed`,
    `begin a sampled one; ${percent.default} unless the tracer says otherwise`,
  ]) {
    t.true(page.includes(sentence), sentence);
  }
});
