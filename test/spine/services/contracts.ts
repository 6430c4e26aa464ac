// The contracts of the spine's test services; shared by the services (on their threads) and the tests (their callers).

import { z } from 'zod';
import { avro } from '../../../net/codec/avro-codec.ts';
import { bytes } from '../../../net/codec/bytes-codec.ts';
import { json } from '../../../net/codec/json-codec.ts';
import { method, service } from '../../../net/service/contract.ts';

/** One method for each codec and each way to answer. */
export const Probe = service('test.Probe', {
  greet: method(
    avro(
      {
        type: 'record',
        name: 'GreetRequest',
        fields: [
          { name: 'name', type: 'string' },
          { name: 'times', type: 'int', default: 1 },
        ],
      },
      { type: 'record', name: 'GreetReply', fields: [{ name: 'text', type: 'string' }] },
    ),
    { reads: true },
  ),
  sum: method(
    json(
      z.object({ values: z.array(z.number()), scale: z.number().default(1), unit: z.string().optional() }),
      z.object({ total: z.number(), unit: z.string() }),
    ),
    { reads: true },
  ),
  raw: method(bytes()),
  /** The body says in digits how many bytes to answer. */
  fill: method(bytes()),
  fail: method(json(z.object({ how: z.enum(['heddle', 'error', 'string', 'undefined', 'late-error']) }))),
  /** Answers what its contract does not allow. */
  wrong: method(json(z.object({}), z.object({ count: z.number() }))),
  context: method(
    json(
      z.object({}),
      z.object({
        remainingMs: z.number(),
        priority: z.string(),
        metadata: z.record(z.string(), z.string()),
        traceId: z.string(),
        parentSpanId: z.string(),
        traceFlags: z.number(),
        pool: z.string(),
      }),
    ),
  ),
  /** Posts an event, so that a test sees that it ran. */
  note: method(json(z.object({ key: z.string(), busyMs: z.number().default(0), fails: z.boolean().default(false) })), {
    oneWay: true,
  }),
});

const keyed = z.object({ key: z.string(), ms: z.number() });
const span = z.object({ thread: z.number(), startMs: z.number(), endMs: z.number() });

/** Handlers that take time, each in its own way; they post events under their key. */
export const Work = service('test.Work', {
  /** Holds its thread, perhaps after a sleep of its fiber, or after an await of something that is not Heddle's. */
  busy: method(
    json(
      z.object({
        ms: z.number(),
        sleepMs: z.number().default(0),
        awaitMs: z.number().default(0),
        key: z.string().default(''),
      }),
      span,
    ),
  ),
  /** Holds its thread and checks. */
  spin: method(json(keyed)),
  sleep: method(json(keyed)),
  /** Waits for its `signal` alone. */
  signal: method(json(keyed)),
  /** Waits for something that nobody can interrupt. */
  stubborn: method(json(keyed)),
  /** Sleeps in a nested call. */
  nested: method(json(keyed)),
  /** Calls itself, `depth` further levels, perhaps after an await of something that is not Heddle's. */
  self: method(json(z.object({ depth: z.number(), awaitMs: z.number().default(0) }), z.object({ levels: z.number() }))),
  parallel: method(json(z.object({ count: z.number(), ms: z.number() }), z.object({ spans: z.array(span) }))),
  offload: method(
    json(z.object({ ms: z.number(), pool: z.string() }), z.object({ span, thread: z.number(), pool: z.string() })),
  ),
  /** Runs a task of tasks.ts: what it gives, or the error it ends with. */
  task: method(
    json(
      z.object({ name: z.enum(['fails', 'unclonable', 'missing', 'sleeps']), key: z.string().default('') }),
      z.object({ value: z.string() }),
    ),
  ),
});

/** Calls the other two, wherever they are. */
export const Relay = service('test.Relay', {
  greet: method(json(z.object({ name: z.string() }), z.object({ text: z.string() }))),
  raw: method(bytes()),
  context: method(
    json(
      z.object({ timeoutMs: z.number().optional(), metadata: z.record(z.string(), z.string()).optional() }),
      z.object({
        here: z.object({ remainingMs: z.number(), traceId: z.string(), priority: z.string() }),
        there: z.object({
          remainingMs: z.number(),
          priority: z.string(),
          metadata: z.record(z.string(), z.string()),
          traceId: z.string(),
          parentSpanId: z.string(),
          traceFlags: z.number(),
          pool: z.string(),
        }),
      }),
    ),
  ),
  fail: method(json(z.object({ how: z.enum(['heddle', 'error']) }))),
  sleep: method(json(keyed)),
  /** Sends `note`; says how long that took. */
  note: method(
    json(
      z.object({ key: z.string(), busyMs: z.number().default(0), fails: z.boolean().default(false) }),
      z.object({ ms: z.number() }),
    ),
  ),
});
