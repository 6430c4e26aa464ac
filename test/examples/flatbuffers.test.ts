// The example's own files, on free ports: FlatBuffers over both protocols, and what becomes of other bytes.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { Builder } from 'flatbuffers';
import { Query, QueryT } from '../../examples/flatbuffers/generated/demo/nearest.js';
import { Heddle, heddle } from '../cli/heddle.ts';
import { portOf, serveExample } from './serve-example.ts';

const folder = new URL('../../examples/flatbuffers/', import.meta.url);
const readme = readFileSync(new URL('README.md', folder), 'utf8');

test('the client gets what its README says; over HTTP the same bytes travel; garbage and JSON are refused', async (t) => {
  const server = await serveExample(t, 'flatbuffers/heddle.yaml');
  const port = (protocol: string) => portOf(server, protocol);
  const address = `heddle://127.0.0.1:${port('heddle')}`;

  const script = fileURLToPath(new URL('client.ts', folder));
  const { code, stdout, stderr } = await new Heddle([address], { script }).ended;
  t.is(code, 0, stderr);
  t.true(readme.includes(`$ npx node examples/flatbuffers/client.ts\n${stdout}\`\`\``), stdout);

  const builder = new Builder();
  Query.finishQueryBuffer(builder, new QueryT([0, 1, 0], 1).pack(builder));
  const ask = async (body: Uint8Array, type = 'application/x-flatbuffers') => {
    const answer = await fetch(`http://127.0.0.1:${port('http')}/demo.Nearest/find`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: Buffer.from(body),
    });
    return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
  };
  const good = await ask(builder.asUint8Array());
  t.deepEqual([good.status, good.type], [200, 'application/x-flatbuffers']);
  t.true(good.text.includes('Amélie'));
  t.is((await ask(Buffer.from('{}'), 'application/json')).status, 501);

  // Any byte of a good request, turned over: an answer or a refusal, and every thread lives on.
  const body = builder.asUint8Array();
  const statuses = new Set<number>();
  for (let at = 0; at < body.length; at++) {
    const broken = Buffer.from(body);
    broken[at]! ^= 0xff;
    statuses.add((await ask(broken)).status);
  }
  t.deepEqual(
    [...statuses].filter((status) => ![200, 400, 500].includes(status)),
    [],
  );
  t.true(statuses.has(400));
  t.is((await ask(body)).status, 200);

  const called = await heddle(['call', address, 'demo.Nearest/find', '{}']);
  t.is(called.code, 1);
  t.regex(
    called.stderr,
    /can travel in flatbuffers, not in json[\s\S]*FlatBuffers have no JSON form: .* --codec flatbuffers/,
  );
  const file = await heddle(['call', address, 'demo.Nearest/find', '-', '-c', 'flatbuffers'], {
    input: Buffer.from(body),
  });
  t.is(file.code, 0, file.stderr);
  t.true(file.stdout.includes('Amélie'));
});
