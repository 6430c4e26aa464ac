// Private memory for copies of requests.

import test from 'ava';
import { Slab } from '../../../runtime/shared/slab.ts';

test('no two copies share a byte, and each begins at a multiple of 8', (t) => {
  const slab = new Slab();
  const copies = Array.from({ length: 3000 }, (_, at) => {
    const bytes = (at * 37) % 9000;
    const head = { source: Buffer.alloc(0) };
    const start = slab.roomFor(bytes, head);
    head.source.fill(at & 255, start, start + bytes);
    return { at, bytes, start, source: head.source };
  });
  for (const { at, bytes, start, source } of copies) {
    if (start % 8 !== 0 || start + bytes > source.length) t.fail(`copy ${at} lies at ${start} of ${source.length}`);
    if (source.subarray(start, start + bytes).some((byte) => byte !== (at & 255))) t.fail(`copy ${at} was overwritten`);
  }
  t.pass();
});

test('small copies share memory, a large one keeps nobody else’s alive', (t) => {
  const slab = new Slab();
  const of = (bytes: number) => {
    const head = { source: Buffer.alloc(0) };
    slab.roomFor(bytes, head);
    return head.source;
  };
  t.is(of(100), of(8192));
  t.is(of(8193).length, 8193);
  t.is(of(100), of(100));
});
