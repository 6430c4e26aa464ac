// A FrameHandler that writes down what it is told, views copied: frames as comparable data.

import { type FrameHandler, FrameParser } from '../../../../net/protocol/heddle/frame-parser.ts';
import type { GoawayFrame, RequestFrame } from '../../../../net/protocol/heddle/read-frame.ts';
import type { CallReply } from '../../../../runtime/call.ts';
import type { ErrorCode } from '../../../../runtime/errors.ts';

export type FrameEvent = { frame: string } & Record<string, unknown>;

export class FrameRecorder implements FrameHandler {
  readonly events: FrameEvent[] = [];

  onRequest(frame: RequestFrame): void {
    const { source, metadataStart, metadataEnd, bodyStart, bodyEnd, serviceStart, methodStart, methodEnd, ...rest } =
      frame;
    this.events.push({
      frame: 'request',
      ...rest,
      trace: [...frame.trace],
      service: source.toString('utf8', serviceStart, methodStart),
      method: source.toString('utf8', methodStart, methodEnd),
      metadata: source.toString('hex', metadataStart, metadataEnd),
      body: source.toString('hex', bodyStart, bodyEnd),
    });
  }

  onReply(requestId: number, reply: CallReply): void {
    const { source, metadataStart, metadataEnd, bodyStart, bodyEnd, ...rest } = reply;
    this.events.push({
      frame: 'reply',
      requestId,
      ...rest,
      metadata: source.toString('hex', metadataStart, metadataEnd),
      body: source.toString(reply.code === 0 ? 'hex' : 'utf8', bodyStart, bodyEnd),
    });
  }

  onCancel(requestId: number): void {
    this.events.push({ frame: 'cancel', requestId });
  }

  onPing(source: Buffer, dataStart: number): void {
    this.events.push({ frame: 'ping', data: source.toString('hex', dataStart, dataStart + 8) });
  }

  onPong(source: Buffer, dataStart: number): void {
    this.events.push({ frame: 'pong', data: source.toString('hex', dataStart, dataStart + 8) });
  }

  onGoaway(frame: GoawayFrame): void {
    this.events.push({ frame: 'goaway', ...frame });
  }

  onBadFrame(type: number, requestId: number, code: ErrorCode, message: string): void {
    this.events.push({ frame: 'bad', type, requestId, code, message });
  }

  onBroken(code: ErrorCode, message: string): void {
    this.events.push({ frame: 'broken', code, message });
  }
}

/** What a parser makes of the pieces. */
export function parsePieces(pieces: Iterable<Buffer>, frameBytes: number): FrameEvent[] {
  const recorder = new FrameRecorder();
  const parser = new FrameParser(recorder, frameBytes);
  for (const piece of pieces) parser.push(piece, piece.length);
  return recorder.events;
}
