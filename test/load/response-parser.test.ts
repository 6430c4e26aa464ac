import test from 'ava';
import fc from 'fast-check';
import { ResponseParser } from '../../load/http/response-parser.ts';

type Told = { status: number; keepsAlive: boolean; body: string };

/** What a connection's bytes come to: answers one after another, each read in pieces of these lengths and then one by one. */
function parse(
  texts: string | readonly string[],
  lengths: readonly number[],
  { keepsBodies = true, ends = false } = {},
): Told[] {
  const told: Told[] = [];
  const handler = {
    onResponse: (status: number, keepsAlive: boolean, source: Buffer, start: number, end: number) => {
      told.push({ status, keepsAlive, body: source.toString('latin1', start, end) });
    },
  };
  const parser = new ResponseParser(handler, keepsBodies);
  let turn = 0;
  for (const text of [texts].flat()) {
    const bytes = Buffer.from(text, 'latin1');
    // One memory for all reads, as sockets have it: what is kept must be a copy.
    const memory = Buffer.alloc(bytes.length);
    for (let at = 0; at < bytes.length; turn++) {
      const length = Math.min(bytes.length - at, lengths[turn] ?? 1);
      bytes.copy(memory, 0, at, at + length);
      parser.push(memory, length);
      memory.fill(0xff);
      at += length;
    }
  }
  if (ends) parser.end();
  return told;
}

const responses: [string, Told][] = [
  ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', { status: 200, keepsAlive: true, body: 'hello' }],
  ['HTTP/1.1 204 No Content\r\ncontent-length: 9\r\n\r\n', { status: 204, keepsAlive: true, body: '' }],
  ['HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', { status: 200, keepsAlive: true, body: '' }],
  [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=1\r\nhello\r\nA\r\n0123456789\r\n0\r\nx-end: 1\r\n\r\n',
    { status: 200, keepsAlive: true, body: 'hello0123456789' },
  ],
  [
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx',
    { status: 200, keepsAlive: true, body: 'x' },
  ],
  [
    'HTTP/1.1 503 Busy\r\nconnection: Close\r\ncontent-length: 4\r\n\r\nbusy',
    { status: 503, keepsAlive: false, body: 'busy' },
  ],
  ['HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nab', { status: 200, keepsAlive: false, body: 'ab' }],
];

test('however the bytes are cut, the answers are the same', (t) => {
  const picks = fc.array(fc.nat(responses.length - 1), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(picks, fc.array(fc.integer({ min: 1, max: 60 })), (indices, lengths) => {
      const texts = indices.map((index) => responses[index]![0]);
      t.deepEqual(
        parse(texts, lengths),
        indices.map((index) => responses[index]![1]),
      );
    }),
  );
});

test("bytes behind a complete answer are nobody's: it is the last one of its connection, and they are no other", (t) => {
  for (const [text, told] of responses) {
    for (const surplus of ['x', '\r\n', responses[0]![0]]) {
      t.deepEqual(parse(`${text}${surplus}`, [1000]), [{ ...told, keepsAlive: false }]);
    }
  }
});

test('a body without a length ends with the connection', (t) => {
  const text = 'HTTP/1.1 200 OK\r\n\r\nto the end';
  t.deepEqual(parse(text, []), []);
  t.deepEqual(parse(text, [], { ends: true }), [{ status: 200, keepsAlive: false, body: 'to the end' }]);
});

test('a good body that nobody wants is not kept, one of a failure is', (t) => {
  const [good, bad] = [
    'HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n',
    'HTTP/1.1 500 Oh\r\ncontent-length: 50\r\n\r\n',
  ];
  const body = 'x'.repeat(50);
  const told = parse([`${good}${body}`, `${bad}${body}`], [], { keepsBodies: false });
  t.deepEqual(
    told.map((one) => one.body),
    ['', body],
  );
});

for (const text of [
  'SSH-2.0-OpenSSH\r\n\r\n',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnine\r\n',
  `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(70_000)}`,
]) {
  test(`what is not HTTP/1.1 is refused: ${JSON.stringify(text.slice(0, 60))}`, (t) => {
    t.throws(() => parse(text, [80_000]), { code: 'UNAVAILABLE', message: /not HTTP\/1\.1/ });
  });
}
