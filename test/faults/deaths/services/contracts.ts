// The contracts of the death tests, and their one message. Bodies are plain bytes: threads that live for some
// milliseconds only shall load as little as they can.

import { bytes } from '../../../../net/codec/bytes-codec.ts';
import { method, service } from '../../../../net/service/contract.ts';
import { type Doom, dooms } from '../../services/dooms.ts';

/** Answers `reply(body)`, as the body asks. */
export const Work = service('deaths.Work', { handle: method(bytes()) });
/** The same by a nested call of Work. */
export const Front = service('deaths.Front', { handle: method(bytes()) });
/** The same in a pool which nothing may happen to. */
export const Side = service('deaths.Side', { handle: method(bytes()) });
/** The same on the IO threads. */
export const Inline = service('deaths.Inline', { handle: method(bytes()) });
/** The same by a call of `deaths.Far`, in another process's stead. */
export const Caller = service('deaths.Caller', { handle: method(bytes()) });
export const Far = service('deaths.Far', { handle: method(bytes()) });

export interface Asked {
  id: number;
  /** The handler waits so long first, ms; up to 65,535. */
  sleepMs: number;
  /** The handler then ends its thread. */
  doom: Doom | undefined;
}

const replyMark = 0xff;
export const bodyBytesMin = 16;

/** A request: id, what to do, and `bodyBytes` in all of a pattern that shows any foreign or missing part. */
export function request(id: number, bodyBytes: number, asked: Partial<Asked> = {}): Buffer {
  const body = Buffer.alloc(Math.max(bodyBytesMin, bodyBytes), id % 251);
  body.writeUInt32LE(id, 0);
  body[4] = asked.doom === undefined ? 0 : dooms.indexOf(asked.doom) + 1;
  body[5] = 0;
  body.writeUInt16LE(asked.sleepMs ?? 0, 6);
  body.writeUInt32LE((id ^ body.length) >>> 0, body.length - 4);
  return body;
}

/** What a handler reads of a request; throws when a byte of it is foreign. */
export function readRequest(body: Buffer): Asked {
  const id = body.readUInt32LE(0);
  if (!isWhole(body, id) || body[5] !== 0) throw new Error(`a torn request of ${body.length} bytes, id ${id}`);
  return { id, sleepMs: body.readUInt16LE(6), doom: body[4] === 0 ? undefined : dooms[body[4]! - 1] };
}

/** The answer to a request: its own bytes, marked. */
export function reply(body: Buffer): Buffer {
  body[5] = replyMark;
  return body;
}

export function isReply(body: Buffer, id: number, bodyBytes: number): boolean {
  return body.length === Math.max(bodyBytesMin, bodyBytes) && body[5] === replyMark && isWhole(body, id);
}

function isWhole(body: Buffer, id: number): boolean {
  const { length } = body;
  if (length < bodyBytesMin || body.readUInt32LE(0) !== id || body.readUInt32LE(length - 4) !== (id ^ length) >>> 0) {
    return false;
  }
  for (let at = 8; at < length - 4; at += 61) if (body[at] !== id % 251) return false;
  return true;
}
