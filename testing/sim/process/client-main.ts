// A simulated process that only calls: the stand-alone client over simulated sockets.

import { connect } from '../../../net/client/connect.ts';
import { makeHost } from '../../../net/client/host.ts';
import { addBuiltInCodecs } from '../../../net/codec/built-in-codecs.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { answerTo, PoolA, paddingOf } from './contract.ts';
import { meantFailure } from './ledger.ts';
import { callMsMax, type Scenario } from './scenario.ts';
import { scenarioDoor } from './scenario-door.ts';
import { type ThreadDoor, thisThread } from './thread-door.ts';

/** Attempts of one call: the client's default. */
const attemptsMax = 3;

export interface ClientCall {
  acts: string;
  timeoutMs: number;
  /** When it gives up, ms after it has called; undefined: never. */
  abortAfterMs: number | undefined;
  paddingBytes: number;
}

export interface SimClient {
  call(call: ClientCall): void;
  close(): Promise<void>;
}

export function main(door: ThreadDoor, target: string, { attemptTimeoutMs, retryBackoffMs }: Scenario): SimClient {
  thisThread.door = door;
  addBuiltInCodecs();
  const { clock, random, log, openSocket, thread } = door;
  const { ledger } = scenarioDoor();
  const host = makeHost({ clock, random, log, openSocket });
  const client = connect(PoolA, {
    target,
    host,
    attemptTimeoutMs,
    timeoutMs: callMsMax,
    retryBudgetPercent: 100,
    retryBackoffFirstMs: retryBackoffMs,
    retryBackoffMaxMs: 2 * retryBackoffMs,
  });
  return {
    call: ({ acts, timeoutMs, abortAfterMs, paddingBytes }) => {
      const deadlineMs = clock.nowMs() + Math.min(callMsMax, timeoutMs || Number.POSITIVE_INFINITY);
      const asked = ledger.ask(thread.name, thread, deadlineMs, attemptsMax);
      const { id } = asked;
      const padding = paddingOf(id, paddingBytes);
      const abort = new AbortController();
      if (abortAfterMs !== undefined) clock.setTimer(abortAfterMs, () => abort.abort());
      client.run({ id, acts, padding }, { signal: abort.signal, ...(timeoutMs > 0 && { timeoutMs }) }).then(
        (reply) => {
          ledger.checkAnswer(asked, reply.id, Buffer.from(reply.padding), answerTo(id, padding));
          ledger.end(asked, 'ok', { isFromRun: true });
        },
        (error: unknown) => {
          const { code, retry } = HeddleError.from(error);
          ledger.end(asked, code, { saidUnrun: retry === 'yes', isFromRun: code === meantFailure });
        },
      );
    },
    close: () => client.close(),
  };
}
