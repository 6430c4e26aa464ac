// test.Relay: passes everything on to test.Probe and test.Work, in this process or another.

import { implement } from '../../../net/service/implement.ts';
import { Probe, Relay, Work } from './contracts.ts';

export default implement(Relay, {
  greet: ({ name }, fiber) => fiber.call(Probe.greet, { name }),

  raw: (body, fiber) => fiber.call(Probe.raw, body),

  async context(options, fiber) {
    const { timeoutMs, metadata } = options;
    const here = {
      remainingMs: Number.isFinite(fiber.remainingMs()) ? fiber.remainingMs() : -1,
      traceId: fiber.trace?.traceId ?? '',
      priority: fiber.priority,
    };
    const there = await fiber.call(
      Probe.context,
      {},
      { ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(metadata === undefined ? {} : { metadata }) },
    );
    return { here, there };
  },

  async fail(request, fiber) {
    await fiber.call(Probe.fail, request);
  },

  async sleep(request, fiber) {
    await fiber.call(Work.sleep, request);
  },

  async note(request, fiber) {
    const startMs = performance.now();
    await fiber.send(Probe.note, request);
    return { ms: performance.now() - startMs };
  },
});
