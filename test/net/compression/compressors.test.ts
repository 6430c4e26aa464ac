// Laws of the built-in compressors as threads use them: what a stranger's bytes may cost, and what they are told.

import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import { CompressorTable } from '../../../net/compression/compressor-table.ts';
import { gzip } from '../../../net/compression/gzip.ts';
import { zstd } from '../../../net/compression/zstd.ts';
import { zstdFrame } from '../../../net/compression/zstd-frame.ts';
import { type ErrorCode, HeddleError } from '../../../runtime/errors.ts';
import { type CompressorDefinition, compressorPoint } from '../../../runtime/plugins/compressor.ts';
import { Registry } from '../../../runtime/plugins/registry.ts';

const table = new CompressorTable([gzip(), zstd()]);
const text = Buffer.from(
  JSON.stringify({ films: Array.from({ length: 200 }, (_, id) => ({ id, title: `film ${id}` })) }),
);

function plain(id: number, bytes: Buffer, maxBytes = 1_000_000): Buffer {
  return table.decompress(id, bytes, maxBytes, 'a test');
}

function failure(run: () => unknown): HeddleError {
  try {
    run();
  } catch (reason) {
    if (reason instanceof HeddleError) return reason;
    throw reason;
  }
  throw new Error('it did not fail');
}

for (const [id, compressor, unsized] of [
  [1, gzip, (body: Buffer) => gzipSync(body)],
  [2, zstd, (body: Buffer) => zstdCompressSync(body, { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } })],
] as const) {
  const { name } = compressor();
  const small = Buffer.from(table.compress(id, text)!);

  test(`${name}: what was compressed comes back, at every level`, (t) => {
    const bodies = fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 3000 }), fc.constant(text));
    fc.assert(
      fc.property(bodies, fc.integer({ min: 1, max: 9 }), (body, level) => {
        const bytes = Buffer.from(compressor(level).compress(Buffer.from(body)));
        return plain(id, bytes).equals(Buffer.from(body));
      }),
      { numRuns: 50 },
    );
    t.true(small.length < text.length / 3);
  });

  test(`${name}: a bomb ends at the bound, with the code of a plain body over it`, (t) => {
    const bomb = Buffer.from(compressor().compress(Buffer.alloc(10_000_000)));
    t.true(bomb.length < 50_000);
    const error = failure(() => plain(id, bomb, 65_536));
    t.deepEqual([error.code, error.retry], ['RESOURCE_EXHAUSTED', 'no']);
    t.regex(error.message, /over 65536 bytes when it is decompressed/);
    t.is(plain(id, small, text.length).length, text.length);
    t.is(failure(() => plain(id, small, text.length - 1)).code, 'RESOURCE_EXHAUSTED');
  });

  test(`${name}: a body cut anywhere is refused`, (t) => {
    for (let bytes = 1; bytes < small.length; bytes += bytes < 20 || bytes > small.length - 20 ? 1 : 37) {
      t.is(failure(() => plain(id, small.subarray(0, bytes))).code, 'INVALID_ARGUMENT', `${bytes} bytes`);
    }
  });

  test(`${name}: bytes behind the end, and bytes that are something else, are refused`, (t) => {
    for (const rest of ['garbage', '\0\0\0\0', '\x1f']) {
      const error = failure(() => plain(id, Buffer.concat([small, Buffer.from(rest, 'latin1')])));
      t.is(error.code, 'INVALID_ARGUMENT', JSON.stringify(rest));
    }
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        return failure(() => plain(id, Buffer.from(bytes))).code === 'INVALID_ARGUMENT';
      }),
    );
  });

  test(`${name}: an empty body is empty, and one that gets no smaller is left as it is`, (t) => {
    t.is(plain(id, Buffer.alloc(0)).length, 0);
    const noise = Buffer.from(Array.from({ length: 1000 }, (_, at) => Math.imul(at * at + 7, 0x9e3779b1) >>> 23));
    t.is(table.compress(id, noise), undefined);
  });

  test(`${name}: a body keeps no more memory than it needs, and none that others write to`, (t) => {
    for (const length of [1, 5, 3_000, 60_000, 200_000]) {
      const body = Buffer.alloc(length, 'heddle');
      for (const bytes of [compressor().compress(body), unsized(body)]) {
        const own = plain(id, Buffer.from(bytes));
        t.true(own.equals(body));
        t.true(own.buffer.byteLength < 2 * length, `${own.buffer.byteLength} for ${length}`);
      }
    }
  });

  test(`${name}: a level that it does not have is refused`, (t) => {
    for (const level of [0, 1.5, 100]) t.is(failure(() => compressor(level)).code, 'INVALID_ARGUMENT');
  });
}

test('a body that says it is long is not believed before it is', (t) => {
  const gzipLie = Buffer.from(gzipSync('hello'));
  gzipLie.writeUInt32LE(10_000_000, gzipLie.length - 4);
  // A frame of 10 MB, with one raw block of one byte.
  const zstdLie = Buffer.from('28b52ffd80688096980009000061', 'hex');
  for (const [id, lie] of [
    [1, gzipLie],
    [2, zstdLie],
  ] as const) {
    const before = process.memoryUsage().arrayBuffers;
    t.is(failure(() => plain(id, lie, 10_000_000)).code, 'INVALID_ARGUMENT');
    const madeBytes = process.memoryUsage().arrayBuffers - before;
    t.true(madeBytes < 1_000_000, `${madeBytes} bytes`);
    const body = Buffer.alloc(3_000_000, id);
    t.true(plain(id, Buffer.from(table.compress(id, body)!), body.length).equals(body), 'the truth is');
  }
});

test('gzip: members behind each other are one body; their number costs no more than their bytes', (t) => {
  const member = gzipSync('ab');
  t.is(plain(1, Buffer.concat([member, member])).toString(), 'abab');
  const many = Buffer.alloc(member.length * 20_000, member);
  t.is(plain(1, many, 40_000).length, 40_000);
  t.is(failure(() => plain(1, many, 39_999)).code, 'RESOURCE_EXHAUSTED');
});

test('zstd: a body is one frame, and its window at most 8 MiB', (t) => {
  const frame = zstdCompressSync('ab');
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
  t.regex(failure(() => plain(2, Buffer.concat([frame, frame]))).message, /bytes follow its one frame/);
  t.is(failure(() => plain(2, Buffer.concat([skippable, frame]))).code, 'INVALID_ARGUMENT');
  const wide = zstdCompressSync(Buffer.alloc(100, 'a'), { params: { [constants.ZSTD_c_windowLog]: 24 } });
  t.is(plain(2, wide).length, 100, 'a frame needs no more window than its content');
  const unsized = { [constants.ZSTD_c_windowLog]: 24, [constants.ZSTD_c_contentSizeFlag]: 0 };
  const hungry = zstdCompressSync(Buffer.alloc(20_000_000, 'ab'), { params: unsized });
  t.regex(failure(() => plain(2, hungry, 30_000_000)).message, /too much memory/);
});

test('the lengths of a zstd frame are read as its encoder wrote them', (t) => {
  const flags = fc.record({ sized: fc.boolean(), checksum: fc.boolean(), level: fc.integer({ min: 1, max: 19 }) });
  const sizes = fc.oneof(fc.nat(600), fc.integer({ min: 65_000, max: 66_500 }), fc.constant(300_000));
  fc.assert(
    fc.property(sizes, flags, (size, { sized, checksum, level }) => {
      const params = {
        [constants.ZSTD_c_contentSizeFlag]: Number(sized),
        [constants.ZSTD_c_checksumFlag]: Number(checksum),
        [constants.ZSTD_c_compressionLevel]: level,
      };
      const frame = zstdCompressSync(Buffer.alloc(size, 'heddle'), { params });
      const read = zstdFrame(Buffer.concat([frame, Buffer.from('rest')]));
      return read?.bytes === frame.length && read.contentBytes === (sized ? size : -1);
    }),
    { numRuns: 60 },
  );
  t.is(zstdFrame(Buffer.alloc(100)), undefined);
});

test('a compression that nobody has is refused with those that there are', (t) => {
  const error = failure(() => plain(7, Buffer.from('x')));
  t.is(error.code, 'UNIMPLEMENTED');
  t.regex(error.message, /compression 7 is not known here; there is 1 \(gzip\), 2 \(zstd\)/);
  t.is(table.compress(7, text), undefined);
});

const wrong: [string, Partial<Record<keyof CompressorDefinition, unknown>>, ErrorCode, RegExp][] = [
  ['an id over 15', { id: 16 }, 'INVALID_ARGUMENT', /its id must be 1 to 15, not 16/],
  ['an id that is taken', { id: 2 }, 'ALREADY_EXISTS', /id 2 is taken by zstd/],
  ['an encoding that is taken', { encoding: 'gzip' }, 'ALREADY_EXISTS', /encoding gzip is taken by gzip/],
  ['a name that is taken', { name: 'gzip', id: 1 }, 'ALREADY_EXISTS', /there is a compressor gzip already/],
  ['the encoding identity', { encoding: 'identity' }, 'INVALID_ARGUMENT', /identity/],
  ['an encoding in capitals', { encoding: 'BR' }, 'INVALID_ARGUMENT', /must be a content coding such as br/],
  ['no compress', { compress: undefined }, 'INVALID_ARGUMENT', /it has no compress\(bytes\)/],
  ['no decompress', { decompress: 'x' }, 'INVALID_ARGUMENT', /it has no decompress/],
];
for (const [what, change, code, message] of wrong) {
  test(`a compressor with ${what} is refused`, (t) => {
    const registry = new Registry<CompressorDefinition>('compressor');
    const { compressor } = compressorPoint('test', registry);
    compressor(gzip());
    compressor(zstd());
    const own = { name: 'br', id: 3, encoding: 'br', compress: Buffer.from, decompress: Buffer.from, ...change };
    const error = failure(() => compressor(own as unknown as CompressorDefinition));
    t.is(error.code, code);
    t.regex(error.message, message);
  });
}

test('what a compressor of somebody else does wrong is told apart from damaged bytes', (t) => {
  const broken = (decompress: () => Uint8Array) =>
    failure(() => new CompressorTable([{ ...gzip(), decompress }]).decompress(1, Buffer.from('x'), 10, 'a test'));
  t.is(broken(() => Buffer.alloc(11)).code, 'RESOURCE_EXHAUSTED');
  t.is(
    broken(() => {
      throw new HeddleError('DATA_LOSS', 'the dictionary is gone');
    }).code,
    'DATA_LOSS',
  );
});
