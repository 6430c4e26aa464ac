// The contracts of the services that the fault and soak tests drive: every answer carries its request's id and a sum of
// its payload, so that a foreign or torn answer is seen.

import { z } from 'zod';
import { avro } from '../../../net/codec/avro-codec.ts';
import { bytes } from '../../../net/codec/bytes-codec.ts';
import { json } from '../../../net/codec/json-codec.ts';
import { method, service } from '../../../net/service/contract.ts';
import { dooms } from './dooms.ts';

function workContract(name: string) {
  return service(name, {
    /** Answers after `sleepMs` of waiting and `spinMs` of computing. */
    echo: method(
      avro(
        {
          type: 'record',
          name: 'EchoRequest',
          fields: [
            { name: 'id', type: 'int' },
            { name: 'text', type: 'string' },
            { name: 'sleepMs', type: 'double', default: 0 },
            { name: 'spinMs', type: 'double', default: 0 },
          ],
        },
        {
          type: 'record',
          name: 'EchoReply',
          fields: [
            { name: 'id', type: 'int' },
            { name: 'text', type: 'string' },
            { name: 'thread', type: 'int' },
          ],
        },
      ),
      { reads: true },
    ),
    mirror: method(
      json(
        z.object({ id: z.number(), text: z.string() }),
        z.object({ id: z.number(), text: z.string(), sum: z.number() }),
      ),
    ),
    /** A body of `taggedBytes` comes back as it is. */
    raw: method(bytes()),
    doom: method(json(z.object({ how: z.enum(dooms), ms: z.number().default(0), id: z.number().default(0) }))),
  });
}

export const Work = workContract('faults.Work');
export const Side = workContract('faults.Side');
/** On the IO threads. */
export const Inline = workContract('faults.Inline');

/** Each of its requests is one nested call of Work. */
export const Front = service('faults.Front', {
  relay: method(
    json(
      z.object({ id: z.number(), text: z.string(), sleepMs: z.number().default(0) }),
      z.object({ id: z.number(), text: z.string() }),
    ),
  ),
});

/** An odd number from text, to tell it from another. */
export function sumOf(text: string): number {
  let sum = 7;
  for (let at = 0; at < text.length; at++) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0;
  return sum;
}

/** A body of `length` (at least 8) bytes that names its request and shows any foreign or missing part. */
export function taggedBytes(id: number, length: number): Buffer {
  const body = Buffer.alloc(length, id & 255);
  body.writeUInt32LE(id, 0);
  body.writeUInt32LE(id ^ length, length - 4);
  return body;
}

export function isTagged(body: Buffer, id: number, length: number): boolean {
  return (
    body.length === length &&
    body.readUInt32LE(0) === id &&
    body.readUInt32LE(length - 4) === (id ^ length) >>> 0 &&
    (length < 16 || (body[4] === (id & 255) && body[length >> 1] === (id & 255)))
  );
}
