// The client of all sides in the scenario `connections`: `connections` that are busy, beside `params.idle` that are not. Each has
// one call under way at most, as `params.speech` says it is spoken.

import type { BenchClient, ConnectOptions } from '../../measure/client.ts';
import { Crowd } from './crowd.ts';
import { Line } from './line.ts';
import { messageOf, type Speech } from './message.ts';

/** Connections that are being made at once. */
export const atOnce = 128;

export function connect(options: ConnectOptions): Promise<BenchClient> {
  return connectAs(options.params.speech as Speech, options);
}

/** For the clients of peers. */
export async function connectAs(
  speech: Speech,
  { port, connections, params: { idle } }: ConnectOptions,
): Promise<BenchClient> {
  let failure: Error | undefined;
  const onLost = (reason: Error): void => {
    failure ??= reason;
  };
  const message = messageOf(speech);
  const lines = Array.from({ length: connections }, () => new Line({ port, message, onLost }));
  const close = (): void => {
    for (const line of lines) line.close();
  };
  let crowd: Crowd | undefined;
  try {
    for (let from = 0; from < connections; from += atOnce) {
      await Promise.all(lines.slice(from, from + atOnce).map((line) => line.call()));
    }
    if (Number(idle) > 0) crowd = await Crowd.open({ port, speech, count: Number(idle), atOnce, stay: true });
  } catch (reason) {
    close();
    throw reason;
  }
  // A process of it may also end by itself; that it ends when all is closed is nobody's business any more.
  crowd?.lost().then(onLost, onLost);
  const free = [...lines];
  return {
    call: async () => {
      if (failure !== undefined) throw failure;
      // As many calls are under way as there are connections, at most.
      const line = free.shift()!;
      await line.call();
      free.push(line);
    },
    close: async () => {
      close();
      await crowd?.[Symbol.asyncDispose]();
    },
  };
}
