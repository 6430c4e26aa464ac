// The example's own files, on free ports: a codec that the config alone adds, over both protocols.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { Sensors } from '../../examples/custom-codec/contract.ts';
import { type CodecDefinition, connect, registerCodec } from '../../index.ts';
import { Heddle } from '../cli/heddle.ts';
import { portOf, serveExample } from './serve-example.ts';

const folder = new URL('../../examples/custom-codec/', import.meta.url);
const readme = readFileSync(new URL('README.md', folder), 'utf8');

const copies = { read: () => null, write: () => Buffer.of(0) };

/** What the README pipes into curl, and the line behind it. */
function shown(bytes: string): string {
  const at = readme.indexOf(`printf '${bytes}'`);
  return /curl[^\n]*\n(.*)/.exec(readme.slice(at))![1]!;
}

test('the README holds: both methods in CBOR over both protocols, with what the schemas refuse', async (t) => {
  const server = await serveExample(t, 'custom-codec/heddle.yaml');
  const port = (protocol: string) => portOf(server, protocol);
  const target = `heddle://127.0.0.1:${port('heddle')}`;

  const script = fileURLToPath(new URL('client.ts', folder));
  const { code, stdout, stderr } = await new Heddle([target], { script }).ended;
  t.is(code, 0, stderr);
  t.true(readme.includes(`$ npx node examples/custom-codec/client.ts\n${stdout}`), stdout);

  const describe = async (body: Buffer, type = 'application/cbor') => {
    const answer = await fetch(`http://127.0.0.1:${port('http')}/demo.Sensors/describe`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
    return {
      status: answer.status,
      type: answer.headers.get('content-type'),
      body: Buffer.from(await answer.arrayBuffer()),
    };
  };
  const good = await describe(Buffer.from('\xa1\x66sensor\x64roof', 'latin1'));
  t.deepEqual([good.status, good.type], [200, 'application/cbor']);
  t.is(good.body.toString('hex'), shown('\\xa1\\x66sensor\\x64roof'));
  const unfit = await describe(Buffer.from('\xa1\x66sensor\x60', 'latin1'));
  t.deepEqual([unfit.status, unfit.body.toString()], [400, shown('\\xa1\\x66sensor\\x60')]);
  const garbage = await describe(Buffer.of(0xff));
  t.deepEqual([garbage.status, garbage.body.toString()], [400, shown('\\xff')]);
  const unknown = await describe(Buffer.of(0xff), 'application/cbr');
  t.is(unknown.status, 415);
  t.true(unknown.body.toString().includes('application/x-flatbuffers, application/cbor (in UTF-8)'));

  const stranger: CodecDefinition = { name: 'stranger', id: 99, contentType: 'application/strange', ...copies };
  t.throws(() => connect(Sensors, { target, codec: 'stranger' }), { message: /there is no codec "stranger"/ });
  registerCodec(stranger);
  const sensors = connect(Sensors, { target, codec: 'stranger' });
  t.teardown(() => sensors.close());
  await t.throwsAsync(sensors.describe({ sensor: 'roof' }), {
    code: 'UNIMPLEMENTED',
    message: /^codec 99 is not spoken here; 0 bytes, 1 json, 2 avro, 3 flatbuffers and 16 cbor are/,
  });
  t.is((await sensors.describe({ sensor: 'roof' }, { codec: 'json' })).tags.length, 2);
});

test('the codec has at most 80 lines', (t) => {
  t.true(readFileSync(new URL('cbor.ts', folder), 'utf8').trimEnd().split('\n').length <= 80);
});
