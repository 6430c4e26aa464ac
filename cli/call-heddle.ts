// callOverHeddle: one call over the heddle protocol, by the channel that every Heddle client has, with a body that is
// text already. On the event loop of the command.

import { ClientChannel } from '../net/client/channel.ts';
import { standaloneHost } from '../net/client/host.ts';
import { checkOptions } from '../net/client/options.ts';
import { type CallReply, callFlags, codecIds, emptyCallHead, priorities, type ReplySink } from '../runtime/call.ts';
import { codeOfNumber, HeddleError, retryHints } from '../runtime/errors.ts';
import { decodeMetadata, encodeMetadata } from '../runtime/metadata.ts';
import type { CallAnswer, CallRequest } from './call-types.ts';

/** A person reads the answer: what memory holds is the bound, not what a service would take. */
const frameBytes = 2 ** 30;

/** How ClientConnection begins to tell that a peer sent no frames. */
const strangeBytes = 'what it sent is not the heddle protocol';

/** Never rejects for a failure of the call; throws INVALID_ARGUMENT for a target that can't be read. */
export async function callOverHeddle(request: CallRequest): Promise<CallAnswer> {
  const { target, service, method, timeoutMs } = request;
  const host = standaloneHost();
  // No grace: one command, one server, and a person who sees at once that it is not there.
  const options = checkOptions({
    target,
    name: service,
    timeoutMs,
    frameBytes,
    writeBufferBytes: frameBytes,
    reconnectGraceMs: 0,
  });
  const channel = new ClientChannel(host, options);
  const head = emptyCallHead();
  const metadata = encodeMetadata(request.metadata);
  head.source = Buffer.concat([metadata, request.body]);
  head.metadataEnd = metadata.length;
  head.bodyStart = metadata.length;
  head.bodyEnd = head.source.length;
  head.codec = codecIds[request.codec];
  head.priority = priorities[request.priority];
  head.flags = request.oneWay ? callFlags.oneWay : 0;
  head.deadlineMs = host.clock.nowMs() + timeoutMs;
  const answer = await new Promise<CallAnswer>((resolve) => {
    const sink: ReplySink = { onReply: (_tag, reply) => resolve(answerOf(reply, target)) };
    channel.call(service, method, head, sink, 0);
  });
  await channel.close();
  if (answer.error !== undefined) answer.error = explained(answer.error);
  return answer;
}

/** What the client says of bytes that are no frames, in words for somebody who mistook one port for another. */
export function explained(error: HeddleError): HeddleError {
  if (!error.message.includes(strangeBytes)) return error;
  const [before = ''] = error.message.split(strangeBytes, 1);
  const message = `${before}what answers there does not speak the heddle protocol; if it speaks HTTP, write http:// instead`;
  return new HeddleError(error.code, message, { retry: 'no', cause: error });
}

/** Copies: the reply is gone when its receiver returns. */
function answerOf(reply: CallReply, from: string): CallAnswer {
  const { code, source, metadataStart, metadataEnd, bodyStart, bodyEnd } = reply;
  const answer: CallAnswer = {
    codec: reply.codec === codecIds.json ? 'json' : 'other',
    body: Buffer.alloc(0),
    metadata: decodeMetadata(source, metadataStart, metadataEnd),
    from,
  };
  if (code === 0) {
    answer.body = Buffer.from(source.subarray(bodyStart, bodyEnd));
  } else {
    const { retryAfterMs } = reply;
    const retry = retryHints[reply.retry] ?? 'no';
    answer.error = new HeddleError(codeOfNumber(code), source.toString('utf8', bodyStart, bodyEnd), {
      retry,
      retryAfterMs,
    });
  }
  return answer;
}
