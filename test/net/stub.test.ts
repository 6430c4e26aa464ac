// The stub: one call, one settlement.

import test from 'ava';
import { PendingCalls, pendingCallsMax } from '../../net/client/pending-calls.ts';
import { invoke, startCall } from '../../net/client/stub.ts';
import { avro, needSchemaKey, schemaKey } from '../../net/codec/avro-codec.ts';
import { method, service } from '../../net/service/contract.ts';
import { implement } from '../../net/service/implement.ts';
import { type CallCarrier, callFlags, codecIds, emptyCallReply, type ReplySink } from '../../runtime/call.ts';
import { codeNumber, HeddleError } from '../../runtime/errors.ts';
import { encodeMetadata } from '../../runtime/metadata.ts';
import { Loopback } from './loopback.ts';

const Greeter = service('demo.Greeter', {
  greet: method(avro('string', 'string'), { reads: true }),
  log: method(avro('string'), { oneWay: true }),
});

const greeter = (
  greet: Parameters<typeof implement<typeof Greeter>>[1]['greet'] = (name) => `hello ${name}`,
): Loopback => new Loopback(implement(Greeter, { greet, log() {} }));

/** Holds every call until the test answers it. */
class Held implements CallCarrier {
  readonly tags: number[] = [];
  readonly cancelled: number[] = [];
  sink: ReplySink | undefined;

  call(_service: string, _method: string, _head: unknown, sink: ReplySink, tag: number): number {
    this.sink = sink;
    return this.tags.push(tag) - 1;
  }

  cancel(handle: number): void {
    this.cancelled.push(handle);
  }

  fail(handle: number, error: HeddleError, metadata: Record<string, string> = {}): void {
    const source = Buffer.concat([encodeMetadata(Object.entries(metadata)), Buffer.from(error.message)]);
    const start = source.length - Buffer.byteLength(error.message);
    const code = codeNumber(error.code);
    const reply = { ...emptyCallReply(), code, source, metadataEnd: start, bodyStart: start, bodyEnd: source.length };
    this.sink!.onReply(this.tags[handle]!, reply);
  }
}

test('carries what the caller says into the head', async (t) => {
  const carrier = greeter();
  const trace = Uint32Array.from([1, 2, 3, 4, 5, 6]);
  const options = {
    deadlineMs: 1e12,
    priority: 2,
    metadata: { tenant: 'a' },
    depth: 3,
    trace,
    traceFlags: 1,
    attempt: 2,
    callIdHigh: 7,
    callIdLow: 8,
  };
  t.is(await invoke(carrier, Greeter.greet, 'Ada', options), 'hello Ada');
  await invoke(carrier, Greeter.greet, 'Bob', { idempotent: false });
  const [first, second] = carrier.seen.map(({ head }) => head);
  t.like(first, { ...options, trace, metadata: undefined, flags: callFlags.idempotent, codec: codecIds.avro } as never);
  t.deepEqual(carrier.seen[0]!.metadata, new Map([['tenant', 'a']]));
  t.like(second, { deadlineMs: Number.POSITIVE_INFINITY, priority: 1, depth: 0, attempt: 1, flags: 0, metadataEnd: 0 });
  t.deepEqual(second!.trace, new Uint32Array(6));
});

test('rejects with the error that the callee threw', async (t) => {
  const carrier = greeter(() => {
    throw new HeddleError('RESOURCE_EXHAUSTED', 'too many Adas', { retryAfterMs: 5 });
  });
  const error = await t.throwsAsync(invoke(carrier, Greeter.greet, 'Ada'), { instanceOf: HeddleError });
  t.like(error, { code: 'RESOURCE_EXHAUSTED', message: 'too many Adas', retry: 'yes' });
});

test('rejects at once when the request does not fit', async (t) => {
  const carrier = greeter();
  await t.throwsAsync(invoke(carrier, Greeter.greet, 5 as never), {
    code: 'INVALID_ARGUMENT',
    message: 'the request of demo.Greeter/greet: body: expected string, got 5',
  });
  await t.throwsAsync(invoke(carrier, { service: 'a', method: 'b' }, 5), { message: /a\/b is not a method/ });
  t.is(carrier.seen.length, 0);
});

test('resolves a one-way call when it has been handed on', async (t) => {
  const carrier = greeter();
  t.is(await invoke(carrier, Greeter.log, 'line'), undefined as never);
  t.is(carrier.seen[0]!.head.flags, callFlags.oneWay);
});

test('shows the metadata of a reply, also of a failure', async (t) => {
  const seen: (string | undefined)[] = [];
  const onReplyMetadata = (pairs: ReadonlyMap<string, string>): unknown => seen.push(pairs.get('shard'));
  const carrier = greeter((name, fiber) => {
    fiber.replyMetadata.set('shard', name);
    if (name === 'b') throw new HeddleError('NOT_FOUND', 'no b');
    return name;
  });
  t.is(await invoke(carrier, Greeter.greet, 'a', { onReplyMetadata }), 'a');
  await t.throwsAsync(invoke(carrier, Greeter.greet, 'b', { onReplyMetadata }), { code: 'NOT_FOUND' });
  t.deepEqual(seen, ['a', 'b']);
});

test('an abort cancels the call and rejects it', async (t) => {
  const carrier = new Held();
  const aborting = new AbortController();
  const calling = invoke(carrier, Greeter.greet, 'Ada', { signal: aborting.signal });
  aborting.abort();
  await t.throwsAsync(calling, { code: 'CANCELLED', message: /aborted its call of demo.Greeter\/greet/ });
  t.deepEqual(carrier.cancelled, [0]);
  await t.throwsAsync(invoke(carrier, Greeter.greet, 'Ada', { signal: aborting.signal }), { code: 'CANCELLED' });
  t.is(carrier.tags.length, 1);
  const reason = new HeddleError('DEADLINE_EXCEEDED', 'late');
  await t.throwsAsync(invoke(carrier, Greeter.greet, 'Ada', { signal: AbortSignal.abort(reason) }), { is: reason });
});

test('an abort after the reply changes nothing', async (t) => {
  const aborting = new AbortController();
  t.is(await invoke(greeter(), Greeter.greet, 'Ada', { signal: aborting.signal }), 'hello Ada');
  t.notThrows(() => aborting.abort());
});

test('a cancelled call is never heard of again', (t) => {
  const carrier = new Held();
  const heard: unknown[] = [];
  const receiver = {
    onResponse: (value: unknown) => heard.push(value),
    onFailure: (error: unknown) => heard.push(error),
  };
  const call = startCall(carrier, Greeter.greet, 'Ada', {}, receiver);
  call.cancel();
  call.cancel();
  carrier.fail(0, new HeddleError('UNAVAILABLE', 'late'));
  t.deepEqual(heard, []);
  t.deepEqual(carrier.cancelled, [0]);
});

test('a reply that comes twice settles no other call', async (t) => {
  const carrier = new Held();
  const first = invoke(carrier, Greeter.greet, 'Ada');
  carrier.fail(0, new HeddleError('NOT_FOUND', 'first'));
  const second = invoke(carrier, Greeter.greet, 'Bob');
  carrier.fail(0, new HeddleError('NOT_FOUND', 'first again'));
  carrier.fail(1, new HeddleError('NOT_FOUND', 'second'));
  await t.throwsAsync(first, { message: 'first' });
  await t.throwsAsync(second, { message: 'second' });
});

test('a reply that can not be read is INTERNAL', async (t) => {
  const carrier = new Held();
  const calling = invoke(carrier, Greeter.greet, 'Ada');
  carrier.sink!.onReply(carrier.tags[0]!, {
    ...emptyCallReply(),
    codec: codecIds.json,
    source: Buffer.from('5'),
    bodyEnd: 1,
  });
  await t.throwsAsync(calling, {
    code: 'INTERNAL',
    message: "the reply of demo.Greeter/greet can't be read: body: expected string, got 5",
  });
});

test('a reply in another schema version is INTERNAL', async (t) => {
  const carrier = new Held();
  const calling = invoke(carrier, Greeter.greet, 'Ada');
  const reply = {
    ...emptyCallReply(),
    codec: codecIds.avro,
    fingerprintLow: 5,
    source: Buffer.from([2, 65]),
    bodyEnd: 2,
  };
  carrier.sink!.onReply(carrier.tags[0]!, reply);
  await t.throwsAsync(calling, { code: 'INTERNAL', message: /schema version 0000000000000005 instead/ });
});

test('brings its schemas once and no more', async (t) => {
  const carrier = new Held();
  const calling = invoke(carrier, Greeter.greet, 'Ada');
  const asks = new HeddleError('FAILED_PRECONDITION', 'who are you', { retry: 'yes' });
  carrier.fail(0, asks, { [needSchemaKey]: '1' });
  await Promise.resolve();
  t.is(carrier.tags.length, 2);
  carrier.fail(1, asks, { [needSchemaKey]: '1' });
  await t.throwsAsync(calling, { code: 'FAILED_PRECONDITION', message: 'who are you' });
});

test('a cancel stops the second sending', async (t) => {
  const carrier = new Held();
  const receiver = { onResponse: () => t.fail(), onFailure: () => t.fail() };
  const call = startCall(carrier, Greeter.greet, 'Ada', {}, receiver);
  carrier.fail(0, new HeddleError('FAILED_PRECONDITION', 'who are you'), { [needSchemaKey]: '1' });
  call.cancel();
  await Promise.resolve();
  t.is(carrier.tags.length, 1);
  t.deepEqual(carrier.cancelled, []);
});

test('says what to do when its schemas do not fit into metadata', async (t) => {
  const fields = Array.from({ length: 500 }, (_, index) => ({
    name: `a_field_with_a_long_name_${index}`,
    type: 'int',
    default: 0,
  }));
  const Wide = service('demo.Wide', { go: method(avro({ type: 'record', name: 'Wide', fields })) });
  const Narrow = service('demo.Wide', { go: method(avro({ type: 'record', name: 'Wide', fields: [] })) });
  const carrier = new Loopback(implement(Narrow, { go() {} }));
  await t.throwsAsync(invoke(carrier, Wide.go, {}), {
    code: 'FAILED_PRECONDITION',
    message: /don't fit into metadata \(16384 bytes in all\); list this version in `accepts`/,
  });
});

test('schemas under another fingerprint than the head says are refused', async (t) => {
  const Old = service('demo.Greeter', { greet: method(avro('bytes', 'string')) });
  const carrier = greeter();
  const lie = { metadata: { [schemaKey]: '["bytes","bytes"]' } };
  await t.throwsAsync(invoke(carrier, Old.greet, Buffer.from('Ada'), lie), {
    code: 'INVALID_ARGUMENT',
    message: /have the fingerprint [0-9a-f]{16}, the head says [0-9a-f]{16}/,
  });
  const nonsense = { metadata: { [schemaKey]: '["bytes"]' } };
  await t.throwsAsync(invoke(carrier, Old.greet, Buffer.from('Ada'), nonsense), {
    code: 'INVALID_ARGUMENT',
    message: /JSON array of two/,
  });
});

test('waits for a bounded number of calls', (t) => {
  const calls = new PendingCalls<object>();
  const tags = Array.from({ length: pendingCallsMax }, () => calls.add({}));
  t.is(new Set(tags).size, pendingCallsMax);
  t.throws(() => calls.add({}), { code: 'RESOURCE_EXHAUSTED' });
  t.truthy(calls.take(tags[5]!));
  t.is(calls.take(tags[5]!), undefined);
  t.true(calls.add({}) >= 0);
  t.is(calls.size, pendingCallsMax);
});
