// Spans of real servers: one tree over their threads and over two of them, from a trace that a caller brings or one that
// begins here.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { HeddleError, Span } from '../../../index.ts';
import { eventually } from '../../faults/rig.ts';
import { EchoIo, Fate, FateIo, Relay } from '../filters/fixtures/contract.ts';
import { type Running, start } from '../filters/rig.ts';

class Lines {
  readonly folder = mkdtempSync(join(tmpdir(), 'heddle-spans-'));
  readonly file = join(this.folder, 'spans');

  constructor(t: ExecutionContext) {
    t.teardown(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  get spans(): Span[] {
    const text = existsSync(this.file) ? readFileSync(this.file, 'utf8') : '';
    // A thread may be in the midst of writing one: what does not end in a line feed is not there yet.
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Span);
  }
}

const plugin = (lines: Lines, percent = 0, everyMs = 10) =>
  `plugins: [{ module: ./tracer.ts, options: { file: ${JSON.stringify(lines.file)}, percent: ${percent}, everyMs: ${everyMs} } }]`;

/** demo.Relay on one server, whose calls go to demo.Echo on another. */
async function pair(t: ExecutionContext, lines: Lines): Promise<Running> {
  const far = await start(`
io: { threads: 1 }
pools: { far: { threads: 1 } }
${plugin(lines)}
services: { demo.Echo: { module: ./echo.ts, pool: far, listen: ["heddle://127.0.0.1:0"] } }
`);
  const near = await start(`
io: { threads: 1 }
pools: { near: { threads: 1 } }
${plugin(lines)}
services: { demo.Relay: { module: ./relay.ts, pool: near, listen: ["http://127.0.0.1:0"] } }
clients: { demo.Echo: { target: "heddle://127.0.0.1:${far.port('heddle')}" } }
`);
  t.teardown(async () => {
    await near[Symbol.asyncDispose]();
    await far[Symbol.asyncDispose]();
  });
  return near;
}

const traceId = '0af7651916cd43dd8448eb211c80319c';
const callerId = 'b7ad6b7169203331';

test.serial("a sampled request's spans are one tree, over threads and servers", async (t) => {
  const lines = new Lines(t);
  const near = await pair(t, lines);
  const ask = (method: string, text: string, flags: string) =>
    fetch(`http://127.0.0.1:${near.port('http')}/demo.Relay/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-${callerId}-${flags}` },
      body: JSON.stringify({ text }),
    });
  t.is((await ask('pass', 'not sampled', '00')).status, 200);
  t.is((await ask('pass', 'hi', '01')).status, 200);
  await eventually('three spans', () => lines.spans.length >= 3);
  const spans = lines.spans.toSorted((left, right) => right.durationMs - left.durationMs);
  t.is(spans.length, 3);
  const [relay, call, echo] = spans as [Span, Span, Span];
  t.deepEqual(
    spans.map(({ name, kind, code, parentSpanId }) => [name, kind, code, parentSpanId]),
    [
      ['demo.Relay/pass', 'server', 'OK', callerId],
      ['demo.Echo/say', 'client', 'OK', relay.spanId],
      ['demo.Echo/say', 'server', 'OK', call.spanId],
    ],
  );
  t.true(spans.every((span) => span.traceId === traceId));
  t.is(new Set([callerId, ...spans.map(({ spanId }) => spanId)]).size, 4);
  t.deepEqual(echo.attributes, {
    'rpc.system.name': 'heddle',
    'rpc.method': 'demo.Echo/say',
    'rpc.response.status_code': 'OK',
    'thread.name': 'far-1',
    'heddle.pool': 'far',
    'heddle.attempt': 1,
  });
  t.true(Math.abs(relay.startMs - Date.now()) < 60_000);
  t.true(relay.durationMs >= call.durationMs && call.durationMs > 0);

  t.is((await ask('pass', 'fail', '01')).status, 503);
  await ask('drop', 'dropped', '01');
  await eventually('six more', () => lines.spans.length >= 3 + 3 + 3);
  const more = lines.spans.slice(3);
  const failed = more.filter(({ code }) => code === 'UNAVAILABLE');
  t.deepEqual(new Set(failed.map(({ attributes }) => attributes['error.type'])), new Set(['UNAVAILABLE']));
  t.is(failed.length, 3);
  const sent = more.find(({ attributes }) => attributes['heddle.one_way'] === true);
  t.deepEqual([sent?.name, sent?.kind, sent?.code], ['demo.Echo/note', 'client', 'OK']);
});

test.serial(
  'a root without a trace begins one by percent, on IO threads too, and a stop exports what is left',
  async (t) => {
    const lines = new Lines(t);
    const running = await start(`
io: { threads: 1 }
pools: { work: { threads: 1 } }
${plugin(lines, 100, 600_000)}
services:
  demo.Echo: { module: ./echo.ts, pool: work }
  demo.EchoIo: { module: ./echo-io.ts, pool: io, listen: ["heddle://127.0.0.1:0"] }
  demo.Relay: { module: ./relay.ts, pool: io, listen: ["heddle://127.0.0.1:0"] }
`);
    const own = await running.client(EchoIo).say({ text: 'hi' });
    const relayed = await running.client(Relay).pass({ text: 'hi' });
    t.deepEqual(lines.spans, []);
    await running[Symbol.asyncDispose]();
    const { spans } = lines;
    t.is(spans.length, 1 + 3);
    const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
    t.deepEqual(
      roots.map((root) => [root.name, root.traceId, root.attributes['thread.name']]),
      [
        ['demo.EchoIo/say', own.trace, 'io-1'],
        ['demo.Relay/pass', relayed.trace, 'io-1'],
      ],
    );
    t.is(spans.filter(({ traceId: of }) => of === relayed.trace).length, 3);
  },
);

test.serial('the span of a request has the code that its caller was given, whatever became of it', async (t) => {
  const lines = new Lines(t);
  const listen = 'listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"]';
  const running = await start(`
io: { threads: 1 }
pools: { work: { threads: 1 } }
stop: { timeout: 20ms }
${plugin(lines, 100)}
services:
  demo.Fate: { module: ./fate.ts, pool: work, ${listen} }
  demo.FateIo: { module: ./fate-io.ts, pool: io, ${listen} }
jobs: { tick: { run: "./fates.ts#tick", cron: "@yearly", atStart: true, pool: work } }
`);
  t.teardown(() => running[Symbol.asyncDispose]());
  const job = () => lines.spans.filter(({ kind }) => kind === 'internal');
  await eventually('the span of the job', () => job().length === 1);
  t.like(job()[0], { name: 'job tick', code: 'OK', parentSpanId: undefined });
  const spans = () => lines.spans.filter(({ kind }) => kind === 'server');
  let count = 0;
  const oneMore = async (what: string): Promise<string> => {
    await eventually(`the span of ${what}`, () => spans().length > count);
    t.is(spans().length, ++count, what);
    return spans().at(-1)!.code;
  };
  for (const contract of [Fate, FateIo]) {
    const { meet } = running.client(contract);
    const codeOf = (call: Promise<unknown>) =>
      call.then(
        () => 'OK',
        ({ code }: HeddleError) => code,
      );
    for (const text of ['returns', 'throws', 'wrong', 'child', 'finalizer']) {
      const expected = text === 'returns' ? 'OK' : 'INTERNAL';
      t.is(await codeOf(meet({ text })), expected, text);
      t.is(await oneMore(text), expected, text);
    }
    for (const text of ['never', 'waits']) {
      t.is(await codeOf(meet({ text }, { timeoutMs: 30 })), 'DEADLINE_EXCEEDED');
      // Both count the 30 ms, the server from a little later on: whose time is up first ends it.
      t.regex(await oneMore(text), /^(DEADLINE_EXCEEDED|CANCELLED)$/, text);
    }
    const name = contract === Fate ? 'demo.Fate' : 'demo.FateIo';
    const headers = { 'content-type': 'application/json' };
    const url = `http://127.0.0.1:${running.port('http')}/${name}/meet`;
    t.is((await fetch(url, { method: 'POST', headers, body: '{ no json' })).status, 400);
    t.is(await oneMore('a body that is none'), 'INVALID_ARGUMENT');
    const abort = new AbortController();
    let { fibers } = running.server.stats();
    const another = () => eventually('its fiber', () => running.server.stats().fibers > fibers);
    const left = codeOf(meet({ text: 'never' }, { signal: abort.signal }));
    await another();
    abort.abort();
    t.is(await left, 'CANCELLED');
    t.is(await oneMore('a call taken back'), 'CANCELLED');
    fibers++;
    void codeOf(meet({ text: 'never' }));
    await another();
  }
  await running.server.stop();
  t.deepEqual(
    spans()
      .slice(count)
      .map(({ name, code }) => `${name} ${code}`)
      .toSorted(),
    ['demo.Fate/meet UNAVAILABLE', 'demo.FateIo/meet UNAVAILABLE'],
  );
});
