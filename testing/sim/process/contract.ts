// The services of the simulated process: the same method in pool a, pool b, pool io, and as a client of the config calls it.

import { avro } from '../../../net/codec/avro-codec.ts';
import { method, service } from '../../../net/service/contract.ts';

const run = method(
  avro(
    {
      type: 'record',
      name: 'RunRequest',
      fields: [
        { name: 'id', type: 'int' },
        { name: 'acts', type: 'string' },
        { name: 'padding', type: 'bytes' },
      ],
    },
    {
      type: 'record',
      name: 'RunReply',
      fields: [
        { name: 'id', type: 'int' },
        { name: 'padding', type: 'bytes' },
      ],
    },
  ),
  { reads: true },
);

export const PoolA = service('sim.A', { run });
export const PoolB = service('sim.B', { run });
export const PoolIo = service('sim.Io', { run });
/** Served in pool a; the config has a client of its name, so calls of it leave the process. */
export const Far = service('sim.Far', { run });

/** What a reply brings back of a request's padding: shows whose answer it is. */
export function answerTo(id: number, padding: Buffer): Buffer {
  const answer = Buffer.alloc(padding.length);
  for (let at = 0; at < padding.length; at++) answer[at] = padding[at]! ^ (id + at);
  return answer;
}

/** The padding of a request. */
export function paddingOf(id: number, bytes: number): Buffer {
  const padding = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at++) padding[at] = (id * 31 + at * 7) & 255;
  return padding;
}
