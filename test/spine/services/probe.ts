// test.Probe: answers at once, in each codec; fails in each way.

import { implement } from '../../../net/service/implement.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { busyFor } from './busy.ts';
import { Probe } from './contracts.ts';
import { post } from './events.ts';

export default implement(Probe, {
  async greet({ name, times }, fiber) {
    const from = fiber.metadata.get('from');
    if (from !== undefined) fiber.replyMetadata.set('greeted', from);
    return { text: `hello ${name}`.repeat(times) };
  },

  sum({ values, scale, unit }) {
    return { total: values.reduce((total, value) => total + value, 0) * scale, unit: unit ?? 'none' };
  },

  raw(body) {
    return body;
  },

  fill: (body) => Buffer.alloc(Number(body.toString()), 0x5a),

  async fail({ how }, fiber) {
    fiber.replyMetadata.set('failed', how);
    switch (how) {
      case 'heddle':
        throw new HeddleError('ABORTED', 'chosen by the handler', {
          retry: 'if-idempotent',
          retryAfterMs: 77,
          cause: new Error('secret cause'),
        });
      case 'string':
        throw 'a secret string';
      case 'undefined':
        throw undefined;
      case 'late-error':
        await fiber.sleep(1);
        throw new TypeError('a secret message');
      default:
        throw new Error('a secret message');
    }
  },

  wrong: () => ({ count: 'many' as unknown as number }),

  context(_request, fiber) {
    const { trace } = fiber;
    return {
      remainingMs: Number.isFinite(fiber.remainingMs()) ? fiber.remainingMs() : -1,
      priority: fiber.priority,
      metadata: Object.fromEntries(fiber.metadata),
      traceId: trace?.traceId ?? '',
      parentSpanId: trace?.parentSpanId ?? '',
      traceFlags: trace?.flags ?? 0,
      pool: fiber.pool,
    };
  },

  async note({ key, busyMs, fails }) {
    post(key, 'noted');
    busyFor(busyMs);
    post(key, 'done');
    if (fails) throw new HeddleError('ABORTED', 'the note failed');
  },
});
