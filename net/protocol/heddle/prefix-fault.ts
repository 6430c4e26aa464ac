// What is wrong with a frame, as far as its first 12 bytes tell: judged before anything of the frame is kept. Pure;
// FrameParser calls it once per frame.

import {
  errorLayout,
  frameFlags,
  frameMagic,
  frameTypes,
  goawayLayout,
  messageMaxBytes,
  pingLayout,
  prefix,
  protocolVersion,
  replyLayout,
  requestLayout,
  traceLayout,
} from './layout.ts';
import type { FrameFault } from './read-frame.ts';

export interface PrefixFault extends FrameFault {
  /** True: where the next frame begins can't be known or trusted. False: this frame can be skipped by its length. */
  breaks: boolean;
}

/** Faults of magic and version, as soon as `present` bytes of the prefix show them. GOAWAY is read whatever its version. */
export function openingFault(source: Buffer, at: number, present: number): PrefixFault | undefined {
  if (source[at] !== frameMagic) {
    const byte = source[at]!.toString(16).padStart(2, '0');
    return breaking(
      `a frame must begin with 0x${frameMagic.toString(16)}, not 0x${byte}: this port speaks the heddle protocol, without TLS`,
    );
  }
  if (present <= prefix.type) return undefined;
  const version = source[at + prefix.version]!;
  if (version === protocolVersion || source[at + prefix.type] === frameTypes.goaway) return undefined;
  const message = `version ${version} of the heddle protocol is not spoken here; speak version ${protocolVersion}`;
  return { breaks: true, code: 'UNIMPLEMENTED', message };
}

/** Faults of a whole prefix. `frameBytes` bounds frames that carry a call; the others have sizes of their own. */
export function prefixFault(source: Buffer, at: number, frameBytes: number): PrefixFault | undefined {
  const opening = openingFault(source, at, prefix.bytes);
  if (opening !== undefined) return opening;
  const type = source[at + prefix.type]!;
  const flags = source[at + prefix.flags]!;
  const length = source.readUInt32LE(at + prefix.length);
  if (length < prefix.bytes) return breaking(`a frame has at least ${prefix.bytes} bytes; this one says ${length}`);
  switch (type) {
    case frameTypes.request:
    case frameTypes.oneWay:
    case frameTypes.reply:
    case frameTypes.error:
      return callFault(type, flags, length, frameBytes);
    case frameTypes.cancel:
      return controlFault('CANCEL', flags, length, prefix.bytes, prefix.bytes);
    case frameTypes.ping:
      return controlFault('PING', flags, length, pingLayout.bytes, pingLayout.bytes);
    case frameTypes.pong:
      return controlFault('PONG', flags, length, pingLayout.bytes, pingLayout.bytes);
    case frameTypes.goaway:
      // Flags of later versions are none of our business.
      return controlFault('GOAWAY', 0, length, goawayLayout.bytes, goawayLayout.bytes + messageMaxBytes);
    default:
      return unimplemented(`frame type ${type} is not spoken here`);
  }
}

function callFault(type: number, flags: number, length: number, frameBytes: number): PrefixFault | undefined {
  const isRequest = type === frameTypes.request || type === frameTypes.oneWay;
  if ((flags & frameFlags.attachment) !== 0) return unimplemented('attachments (flag 0x80) are not spoken here');
  const known = isRequest ? frameFlags.idempotent | frameFlags.trace : 0;
  if ((flags & ~known) !== 0) {
    return invalid(`flags 0x${flags.toString(16)} have unknown bits; frame type ${type} knows 0x${known.toString(16)}`);
  }
  if (length > frameBytes) {
    const message = `the frame has ${length} bytes; at most ${frameBytes} are taken here (frame)`;
    return { breaks: false, code: 'RESOURCE_EXHAUSTED', message };
  }
  const least = leastBytes(type, flags);
  if (length < least) return invalid(`frame type ${type} has at least ${least} bytes; this one says ${length}`);
  return undefined;
}

function controlFault(
  name: string,
  flags: number,
  length: number,
  least: number,
  most: number,
): PrefixFault | undefined {
  if (length < least || length > most) {
    return breaking(`${name} has ${least === most ? least : `${least} to ${most}`} bytes; this one says ${length}`);
  }
  if (flags !== 0) return breaking(`${name} has no flags; this one has 0x${flags.toString(16)}`);
  return undefined;
}

function leastBytes(type: number, flags: number): number {
  if (type === frameTypes.reply) return replyLayout.bytes;
  if (type === frameTypes.error) return errorLayout.bytes;
  return requestLayout.bytes + ((flags & frameFlags.trace) !== 0 ? traceLayout.bytes : 0);
}

function breaking(message: string): PrefixFault {
  return { breaks: true, code: 'INVALID_ARGUMENT', message };
}

function invalid(message: string): PrefixFault {
  return { breaks: false, code: 'INVALID_ARGUMENT', message };
}

function unimplemented(message: string): PrefixFault {
  return { breaks: false, code: 'UNIMPLEMENTED', message };
}
