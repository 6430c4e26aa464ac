// The table of RFC 9110: what a client's headers say about the compression of its body and of the reply.

import test from 'ava';
import { acceptedCoding, bodyCoding, codingOf, unknownCoding } from '../../../net/protocol/http/content-coding.ts';

const compressors = [
  { name: 'zstd', id: 2, encoding: 'zstd' },
  { name: 'gzip', id: 1, encoding: 'gzip' },
];
const none = 0;
const gzip = 1;
const zstd = 2;

const bodies: [string | undefined, number][] = [
  [undefined, none],
  ['', none],
  ['identity', none],
  ['Identity', none],
  ['gzip', gzip],
  ['GZip', gzip],
  ['x-gzip', gzip],
  ['zstd', zstd],
  [' zstd ', zstd],
  ['br', unknownCoding],
  ['deflate', unknownCoding],
  ['gzip, gzip', unknownCoding],
  ['gzip, identity', unknownCoding],
  ['gzip;q=1', unknownCoding],
];
for (const [header, id] of bodies) {
  test(`content-encoding: ${JSON.stringify(header)} is ${id}`, (t) => t.is(bodyCoding(compressors, header), id));
}

const accepted: [string | undefined, number, string][] = [
  [undefined, none, 'nobody asked'],
  ['', none, 'only as it is'],
  ['identity', none, 'only as it is'],
  ['gzip', gzip, 'the one that is taken'],
  ['x-gzip', gzip, 'by its old name'],
  ['GZIP', gzip, 'codings know no case'],
  ['gzip, deflate, br, zstd', zstd, 'a browser: the first one here'],
  ['gzip;q=1.0, zstd;q=0.9', gzip, 'the higher weight'],
  ['gzip ; q=0.2 , zstd ; q=0.3', zstd, 'spaces around'],
  ['gzip;q=0', none, 'refused'],
  ['gzip;q=0, *', zstd, 'anything else'],
  ['*', zstd, 'anything'],
  ['*;q=0', none, 'nothing at all, and as it is is what there is'],
  ['zstd;q=0, *;q=0.5', gzip, 'anything but'],
  ['identity;q=0, gzip', gzip, 'not as it is'],
  ['identity;q=0', none, 'what nobody can do is passed over'],
  ['identity;q=1, gzip;q=0.5', none, 'rather as it is'],
  ['identity;q=0.5, gzip;q=0.5', gzip, 'both alike'],
  ['br', none, 'not known here'],
  ['gzip;q=2', none, 'a weight that is none'],
  ['gzip;q=0.1234', none, 'a weight that is none'],
  ['gzip;level=9, zstd', zstd, 'what is malformed is passed over'],
  ['gzip;q=0, gzip', none, 'the first that is said of it'],
  [', ,gzip,', gzip, 'empty elements'],
  [`gzip${', a'.repeat(31)}`, gzip, 'as many elements as are read'],
  [`gzip${', a'.repeat(32)}`, none, 'more'],
  [`gzip${' '.repeat(1_021)}`, none, 'more characters than are read'],
];
for (const [header, id, why] of accepted) {
  test(`accept-encoding: ${JSON.stringify(header)} takes ${id}: ${why}`, (t) =>
    t.is(acceptedCoding(compressors, header), id));
}

test('a reply names the coding of its compressor', (t) => {
  t.is(codingOf(compressors, gzip), 'gzip');
  t.is(codingOf(compressors, 9), undefined);
});
