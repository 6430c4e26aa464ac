import test from 'ava';
import fc from 'fast-check';
import { addBuiltInCodecs } from '../../../../net/codec/built-in-codecs.ts';
import { codecOfContentType, contentTypeOfCodec } from '../../../../net/protocol/http/content-type.ts';
import { readMetadataHeaders } from '../../../../net/protocol/http/metadata-headers.ts';
import { queryToJson } from '../../../../net/protocol/http/query.ts';
import { RequestBody } from '../../../../net/protocol/http/request-body.ts';
import { parseTimeoutMs } from '../../../../net/protocol/http/request-head.ts';
import { codeOfStatus, statusOfCode } from '../../../../net/protocol/http/status.ts';
import { readTarget } from '../../../../net/protocol/http/target.ts';
import { readTraceparent } from '../../../../net/protocol/http/traceparent.ts';
import { codecIds, emptyCallHead } from '../../../../runtime/call.ts';
import { errorCodes } from '../../../../runtime/errors.ts';
import { metadataMaxBytes } from '../../../../runtime/metadata.ts';
import { SlotTable } from '../../../../runtime/slot-table.ts';

test('every code has its status, and every status leads to a code that has it', (t) => {
  const golden = { ABORTED: 409, ALREADY_EXISTS: 409, CANCELLED: 499, DATA_LOSS: 500, DEADLINE_EXCEEDED: 504 };
  for (const [code, status] of Object.entries(golden)) t.is(statusOfCode(code as keyof typeof golden), status);
  for (const code of errorCodes) {
    const back = codeOfStatus(statusOfCode(code));
    t.is(statusOfCode(back!), statusOfCode(code));
  }
  const alone = ['CANCELLED', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED'] as const;
  for (const code of alone) t.is(codeOfStatus(statusOfCode(code)), code);
});

test('statuses outside the table read as UNKNOWN, successes as no error', (t) => {
  t.is(codeOfStatus(200), undefined);
  t.is(codeOfStatus(204), undefined);
  t.is(codeOfStatus(418), 'UNKNOWN');
  t.is(codeOfStatus(502), 'UNAVAILABLE');
});

test('every codec that may travel has its content-type, both ways', (t) => {
  addBuiltInCodecs();
  for (const codec of [codecIds.bytes, codecIds.json, codecIds.avro, codecIds.flatbuffers]) {
    t.is(codecOfContentType(contentTypeOfCodec(codec)), codec);
  }
  t.is(codecOfContentType(undefined), codecIds.json);
  t.is(codecOfContentType('Application/JSON; charset="UTF-8"'), codecIds.json);
  t.is(codecOfContentType('text/plain'), -1);
  t.is(codecOfContentType(''), codecIds.json);
});

test('a timeout is digits and a unit', (t) => {
  t.is(parseTimeoutMs('250ms'), 250);
  t.is(parseTimeoutMs('2s'), 2000);
  t.is(parseTimeoutMs('3m'), 180_000);
  t.is(parseTimeoutMs('1500us'), 1.5);
  for (const bad of ['', 'ms', '1', '1 ms', '-1ms', '1.5s', '1h', '0s', '1e3ms', '1234567890ms', '1MS']) {
    t.throws(() => parseTimeoutMs(bad), { message: /as in 250ms/ }, bad);
  }
});

test('a trace context that is not exactly one counts as absent', (t) => {
  const head = emptyCallHead();
  const trace = '0af7651916cd43dd8448eb211c80319c';
  const span = 'b7ad6b7169203331';
  const good = `00-${trace}-${span}-01`;
  const bad = [
    ...['', good.slice(0, -1), `${good}-`, `${good}0`, good.toUpperCase(), good.replaceAll('-', '_'), ` ${good}`],
    ...[`ff-${trace}-${span}-01`, `0g-${trace}-${span}-01`, `00-${'0'.repeat(32)}-${span}-01`],
    ...[`00-${trace}-${'0'.repeat(16)}-01`, `00-${trace}-${span}-0x`, `01-${trace}-${span}-01x`, `${good}, ${good}`],
  ];
  for (const header of bad) {
    readTraceparent(head, good);
    t.is(head.trace[5], 0x69203331);
    readTraceparent(head, header);
    t.deepEqual([...head.trace, head.traceFlags], [0, 0, 0, 0, 0, 0, 0], header);
  }
  readTraceparent(head, `cc-${trace}-${span}-ff-and-more`);
  t.is(head.trace[0], 0x0af76519);
  t.is(head.traceFlags, 1, 'only the flag that all versions share');
});

test('a target names a service and a method, or nothing', (t) => {
  for (const url of ['/a.B/c', 'http://h/a.B/c', 'HTTPS://h:1/a.B/c']) {
    t.like(readTarget(url), { service: 'a.B', method: 'c', query: '' });
  }
  t.like(readTarget('/a/b?x=/y?z'), { service: 'a', method: 'b', query: 'x=/y?z' });
  for (const url of ['/', '', '*', '/a', '/a/', '//b', 'ftp://h/a/b', 'http://h', 'a/b']) {
    t.like(readTarget(url), { service: '', method: '' }, url);
  }
});

test('any parameters come through a query as they were', (t) => {
  const pairs = fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), { maxLength: 8 });
  fc.assert(
    fc.property(pairs, (parameters) => {
      const query = new URLSearchParams(parameters).toString();
      const expected = new Map<string, string | string[]>();
      for (const [name, value] of parameters) {
        const before = expected.get(name);
        expected.set(name, before === undefined ? value : [before, value].flat());
      }
      // Numbers are put first by every JavaScript object, so compare without order.
      t.deepEqual(new Map(Object.entries(JSON.parse(queryToJson(query)))), new Map(expected));
    }),
  );
});

test('a parameter may have the name of anything', (t) => {
  t.is(queryToJson('__proto__=1&constructor=2&&=3'), '{"__proto__":"1","constructor":"2","":"3"}');
  t.is(queryToJson(''), '{}');
});

test('metadata over its bound is refused', (t) => {
  const headers = { 'heddle-meta-a': 'x'.repeat(metadataMaxBytes) };
  t.throws(() => readMetadataHeaders({ headers, isPlain: false }, false), { message: /over 16384 bytes/ });
  t.is(readMetadataHeaders({ headers: { 'heddle-meta': 'x', host: 'y' }, isPlain: false }, false).length, 0);
});

test('a body of any chunks is one piece behind its metadata', (t) => {
  const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 10 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5 }), chunks, fc.boolean(), (metadata, parts, announced) => {
      const whole = Buffer.concat(parts);
      const body = new RequestBody(Buffer.from(metadata), announced ? whole.length : -1, whole.length);
      for (const part of parts) {
        // As from a read, whose buffer has other bytes around them.
        const read = Buffer.concat([Buffer.alloc(7, 1), part, Buffer.alloc(3, 2)]);
        t.true(body.append(read, 7, 7 + part.length));
        if (parts.length > 1) read.fill(0);
      }
      t.deepEqual(body.source.subarray(0, body.metadataBytes), Buffer.from(metadata));
      t.deepEqual(body.source.subarray(body.start, body.end), Buffer.concat([whole]));
      t.is(body.metadataBytes, metadata.length);
      t.false(body.append(Buffer.alloc(1), 0, 1));
      t.is(body.end > body.start ? body.source.length : 0, 0);
    }),
  );
});

test('a slot gives its value once; a tag of the past finds nothing', (t) => {
  const table = new SlotTable<string>(64);
  const first = table.take('a');
  t.is(table.release(first), 'a');
  t.is(table.release(first), undefined);
  const tags = Array.from({ length: 64 }, (_, index) => table.take(`v${index}`));
  t.is(new Set(tags).size, 64);
  t.true(tags.every((tag) => tag >= 0 && tag !== first));
  t.is(table.take('one more'), -1);
  t.is(table.release(tags[7]!), 'v7');
  t.true(table.take('again') >= 0);
  t.is(table.size, 64);
});

test('a slot comes back only after all others', (t) => {
  const table = new SlotTable<number>(64);
  const index = (tag: number) => tag & 0xfffff;
  const first = table.take(0);
  table.release(first);
  for (let next = 0; next < 63; next++) {
    const tag = table.take(next);
    t.not(index(tag), index(first));
    table.release(tag);
  }
  t.is(index(table.take(0)), index(first));
});
