import test from 'ava';
import fc from 'fast-check';
import {
  bytesPattern,
  durationPattern,
  formatBytes,
  formatDuration,
  parseBytes,
  parseDurationMs,
} from '../../runtime/units.ts';

const reads = test.macro({
  title: (_, parse: 'duration' | 'bytes', text: string, value: number | undefined) =>
    `reads the ${parse} ${JSON.stringify(text)} as ${value}`,
  exec(t, parse: 'duration' | 'bytes', text: string, value: number | undefined) {
    t.is(parse === 'duration' ? parseDurationMs(text) : parseBytes(text), value);
  },
});

for (const [text, ms] of [
  ['300ms', 300],
  ['2s', 2000],
  ['1.5s', 1500],
  ['1.1s', 1100],
  ['2.3s', 2300],
  ['5m', 300_000],
  ['1h', 3_600_000],
  ['1d', 86_400_000],
  ['0ms', 0],
  ['0.5ms', undefined],
  ['300', undefined],
  ['-1s', undefined],
  ['1 s', undefined],
  ['1S', undefined],
  ['1e3ms', undefined],
  ['1s2m', undefined],
  ['', undefined],
  ['999999999999999d', undefined],
  ['9'.repeat(400), undefined],
] as const) {
  test(reads, 'duration', text, ms);
}

for (const [text, bytes] of [
  ['10MB', 10_000_000],
  ['512MiB', 536_870_912],
  ['1.5MiB', 1_572_864],
  ['1kB', 1000],
  ['1KB', 1000],
  ['1KiB', 1024],
  ['2GiB', 2_147_483_648],
  ['64B', 64],
  ['0B', 0],
  ['0.1KiB', undefined],
  ['10mb', undefined],
  ['10', undefined],
  ['10M', undefined],
] as const) {
  test(reads, 'bytes', text, bytes);
}

test('writes the shortest exact form', (t) => {
  t.is(formatDuration(90_000), '90s');
  t.is(formatDuration(0), '0ms');
  t.is(formatBytes(1_024_000), '1000KiB');
  t.is(formatBytes(1_000_000), '1MB');
  t.is(formatBytes(3), '3B');
});

test('whatever is written is read back as the same number, and matches its pattern', (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeNat(), fc.nat(1 << 20)), (value) => {
      t.is(parseDurationMs(formatDuration(value)), value);
      t.is(parseBytes(formatBytes(value)), value);
      t.regex(formatDuration(value), new RegExp(durationPattern));
      t.regex(formatBytes(value), new RegExp(bytesPattern));
    }),
  );
});
