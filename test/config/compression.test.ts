// What heddle.yaml says about compression, and which of it can't be meant.

import test from 'ava';
import { least, problemsOf, settled } from './read.ts';

const service = (keys: string) => `services: { demo.Greeter: { module: ./greeter.ts, ${keys} } }\n`;
const client = (keys: string) => `clients: { demo.Users: { target: "heddle://10.0.0.1:7001", ${keys} } }\n${least}`;

test('nothing is compressed unless somebody says so', (t) => {
  const { settings } = settled(t, client('timeout: 1s'));
  t.is(settings.services[0]!.compressAboveBytes, undefined);
  t.deepEqual([settings.clients[0]!.compression, settings.clients[0]!.compressAboveBytes], [undefined, undefined]);
});

test('a service and a client say from which size on', (t) => {
  t.is(settled(t, service('compressAbove: 16KiB')).settings.services[0]!.compressAboveBytes, 16_384);
  const [above] = settled(t, client('compression: zstd')).settings.clients;
  t.deepEqual([above!.compression, above!.compressAboveBytes], ['zstd', 8192]);
  const [never] = settled(t, client('compression: gzip, compressAbove: none')).settings.clients;
  t.deepEqual([never!.compression, never!.compressAboveBytes], ['gzip', undefined]);
});

test('the levels reach the plugin that adds the built-in compressors', (t) => {
  const { settings } = settled(t, `compression: { gzipLevel: 6 }\n${least}`);
  const plugin = settings.builtIn.find(({ moduleUrl }) => moduleUrl.includes('/plugins/compressors.'));
  t.deepEqual(plugin!.options, { gzipLevel: 6, zstdLevel: 1 });
});

test('a compressor that nobody could add is found, with the one that was meant', (t) => {
  t.regex(problemsOf(client('compression: zst')), /no compressor is named "zst"[\s\S]*zstd/);
  const withPlugin = `plugins: [./greeter.ts]\n${client('compression: snappy')}`;
  t.is(settled(t, withPlugin).settings.clients[0]!.compression, 'snappy');
});

test('a service on IO threads can not compress', (t) => {
  t.regex(problemsOf(service('pool: io, compressAbove: 8KiB')), /runs on IO threads, which never compress/);
  t.is(problemsOf(service('pool: io, compressAbove: none')), '');
});
