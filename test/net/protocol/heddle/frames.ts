// Frames by hand, for tests that talk to a server over a raw socket.

import * as encode from '../../../../net/protocol/heddle/encode.ts';
import { type CallHead, emptyCallHead, emptyCallReply } from '../../../../runtime/call.ts';

export interface RequestFields {
  method?: string;
  body?: Buffer;
  budgetUs?: number;
  head?: Partial<CallHead>;
}

/** A request for `test.Echo`; method `echo` unless told otherwise. */
export function request(requestId: number, fields: RequestFields = {}): Buffer {
  const body = fields.body ?? Buffer.from(`body ${requestId}`);
  const head = { ...emptyCallHead(), source: body, bodyEnd: body.length, ...fields.head };
  const route = encode.encodeRoute('test.Echo', fields.method ?? 'echo');
  const frame = Buffer.alloc(encode.requestFrameBytes(route, head));
  encode.encodeRequest(frame, 0, requestId, route, head, fields.budgetUs ?? 0);
  return frame;
}

export function cancel(requestId: number): Buffer {
  const frame = Buffer.alloc(12);
  encode.encodeCancel(frame, 0, requestId);
  return frame;
}

export function ping(data: number): Buffer {
  const frame = Buffer.alloc(20);
  encode.encodePing(frame, 0, Buffer.alloc(8, data), 0);
  return frame;
}

export function goaway(): Buffer {
  const frame = Buffer.alloc(16);
  encode.encodeGoaway(frame, 0, 0, false, Buffer.alloc(0));
  return frame;
}

export function reply(requestId: number): Buffer {
  const frame = Buffer.alloc(24);
  encode.encodeReply(frame, 0, requestId, emptyCallReply());
  return frame;
}

/** The frame with one byte changed. */
export function changed(frame: Buffer, place: number, byte: number): Buffer {
  const copy = Buffer.from(frame);
  copy[place] = byte;
  return copy;
}
