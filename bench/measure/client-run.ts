// ClientProcess's other half: the main of a process that sends a scenario's requests: `client-run.ts <file: URL of a
// ClientModule>`. One client at a time, any number of runs on it; what it is asked is answered in order.

import { startLoad } from '../../load/load-run.ts';
import { generatorShare, type LoadResult } from '../../load/result.ts';
import { seededRandom, systemClock } from '../../runtime/clock.ts';
import { CallsTarget } from './calls-target.ts';
import type { BenchClient, ClientModule } from './client.ts';
import type { ClientAnswer, ClientQuestion, Load, LoadFigures } from './client-process.ts';

const { connect } = (await import(process.argv[2]!)) as ClientModule;
let client: BenchClient | undefined;

async function answer(question: ClientQuestion): Promise<ClientAnswer> {
  switch (question.do) {
    case 'open':
      client = await connect(question.options);
      return { done: 'open' };
    case 'close':
      await client?.close();
      client = undefined;
      return { done: 'close' };
    case 'run':
      return { done: 'run', figures: await run(question.loads, question.durationMs, question.seed) };
  }
}

/** All loads at once. */
async function run(loads: readonly Load[], durationMs: number, seed: number): Promise<LoadFigures[]> {
  const results = await Promise.all(
    loads.map(({ kind, shape, spinMs }, at) => {
      const target = new CallsTarget(client!, kind);
      const random = seededRandom(seed * loads.length + at);
      return startLoad({ target, shape, durationMs, warmUpMs: 0, clock: systemClock, random, spinMs }).ended;
    }),
  );
  return results.map((result, at) => figuresOf(loads[at]!.kind, result));
}

function figuresOf(kind: string, result: LoadResult): LoadFigures {
  const { answers, failed, failures, perSecond, latencies, late, unsent } = result;
  return {
    kind,
    // One went ahead, to see whether anybody is there.
    answers: answers + 1,
    failed: failed + unsent,
    failure: failures[0]?.message,
    late,
    perSecond,
    p50Ms: latencies.quantileMs(0.5),
    p99Ms: latencies.quantileMs(0.99),
    p999Ms: latencies.quantileMs(0.999),
    clientShare: generatorShare(result),
  };
}

process.on('message', async (question: ClientQuestion) => {
  try {
    process.send!(await answer(question));
  } catch (reason) {
    process.send!({ error: reason instanceof Error ? (reason.stack ?? reason.message) : `${reason}` });
  }
});
process.once('disconnect', () => process.exit());
// From here on questions are heard.
process.send!({ done: 'load' });
